"""The figures of a quarter as hand-written DuckDB SQL: what a pack's tables are measured against.

Each statement gives rows (measure, numerator) of one table. They read `known.<entity>` (records at its end),
`judged` (assessments as at then), `duties` (rule, kind, severity, feeds) and the macros `starts()`, `ends()`.
"""

from __future__ import annotations

from collections.abc import Sequence

MEASURES = (
    "named_contact", "third_party", "set_times", "appointment_only", "writing_only", "channel_limited",
    "issues_limited", "complaints_limited", "no_contact",
)  # fmt: skip
_LENGTHS = (("up_to_3_months", 91), ("up_to_6_months", 182), ("up_to_1_year", 365), ("up_to_2_years", 730))
_OVERDUE = (("up_to_30", 30), ("up_to_90", 90), ("up_to_180", 180), ("up_to_365", 365))

SPANS = """CREATE OR REPLACE TEMP TABLE spans AS
SELECT *, CASE WHEN ended_on < begins THEN begins ELSE ended_on END AS gone
FROM (SELECT *, greatest(decided_on, starts_on) AS begins FROM known.restrictions)"""

IN_FORCE = "begins <= ends() AND (gone IS NULL OR gone > ends())"

DUE = """CREATE OR REPLACE TEMP TABLE due AS
SELECT j.rule, d.feeds, d.severity AS weight, j.subject_ref, j.state FROM judged AS j JOIN duties AS d USING (rule)
WHERE j.due_on BETWEEN starts() AND ends() AND d.kind IN ('deadline', 'review')
  AND j.state IN ('met', 'late', 'overdue', 'due_soon', 'pending')"""


def _bands(bands: Sequence[tuple[str, int]], longest: str, days: str = "days") -> str:
    cases = " ".join(f"WHEN {days} <= {most} THEN '{name}'" for name, most in bands)
    return f"CASE {cases} ELSE '{longest}' END"


def _kept(prefix: str, where: str) -> str:
    """Due, on time, late and not done, as rows."""
    return f"""SELECT unnest(['{prefix}due', '{prefix}on_time', '{prefix}late', '{prefix}lapsed']) AS measure,
       unnest([count(*), count(*) FILTER (state = 'met'), count(*) FILTER (state = 'late'),
               count(*) FILTER (state NOT IN ('met', 'late'))]) AS numerator
FROM due WHERE {where}"""


def _row(**measures: str) -> str:
    """Measures of one row, turned into rows."""
    names, values = list(measures), list(measures.values())
    numbers = ", ".join(f"CAST({value} AS DOUBLE)" for value in values)
    return f"SELECT unnest({names}) AS measure, unnest([{numbers}]) AS numerator"


def _by_code(column: str, codes: Sequence[str]) -> str:
    known = f"WHEN {column} IN {tuple(codes)} THEN {column}"
    own = f"CASE WHEN {column} IS NULL THEN 'not_recorded' {known} ELSE 'own_words' END"
    return f"SELECT {own} AS measure, count(*) AS numerator FROM met GROUP BY 1"


MET = "CREATE OR REPLACE TEMP TABLE met AS SELECT * FROM known.incidents WHERE occurred_on BETWEEN starts() AND ends()"

_UNBROKEN = f"""WITH held AS (
  SELECT customer_ref, begins,
         max(coalesce(gone, ends() + 1))
           OVER (PARTITION BY customer_ref ORDER BY begins ROWS UNBOUNDED PRECEDING) AS upto
  FROM spans WHERE begins <= ends()
), marked AS (
  SELECT *, lag(upto) OVER (PARTITION BY customer_ref ORDER BY begins, upto) AS before FROM held
), stretches AS (
  SELECT *, sum(CASE WHEN before IS NULL OR begins > before + 1 THEN 1 ELSE 0 END)
              OVER (PARTITION BY customer_ref ORDER BY begins, upto ROWS UNBOUNDED PRECEDING) AS stretch FROM marked
), unbroken AS (
  SELECT customer_ref, ends() - min(begins) AS days FROM stretches
  GROUP BY customer_ref, stretch HAVING max(upto) >= ends() + 1
)
SELECT {_bands(_LENGTHS, "over_2_years")} AS measure, count(*)::DOUBLE AS numerator FROM unbroken GROUP BY 1
UNION ALL SELECT 'middle_days', median(days) FROM unbroken UNION ALL SELECT 'longest_days', max(days) FROM unbroken"""

_SAFEGUARDS = f"""WITH opened AS (
  SELECT 'restriction' AS kind, restriction_ref AS ref FROM known.restrictions
  WHERE decided_on BETWEEN starts() AND ends()
  UNION ALL SELECT 'appeal', appeal_ref FROM known.appeals WHERE received_on BETWEEN starts() AND ends()
  UNION ALL SELECT 'incident', incident_ref FROM met
  UNION ALL SELECT 'review', review_ref FROM known.reviews WHERE reviewed_on BETWEEN starts() AND ends()
), lacking AS (
  SELECT replace(j.rule, '.', '_') AS name, j.subject_type, o.ref IS NOT NULL AS is_new,
         f.restriction_ref IS NOT NULL AS held
  FROM judged AS j JOIN duties AS d ON d.rule = j.rule AND d.kind = 'check'
  LEFT JOIN opened AS o ON o.kind = j.subject_type AND o.ref = j.subject_ref
  LEFT JOIN (SELECT restriction_ref FROM spans WHERE {IN_FORCE}) AS f
    ON j.subject_type = 'restriction' AND f.restriction_ref = j.subject_ref
  WHERE j.state = 'breach'
)
SELECT name AS measure, count(*) AS numerator FROM lacking
WHERE CASE WHEN subject_type = 'restriction' THEN held ELSE is_new END GROUP BY 1
UNION ALL SELECT name || '_new', count(*) FROM lacking WHERE subject_type = 'restriction' AND is_new GROUP BY 1
UNION ALL SELECT name || '_before', count(*) FROM lacking WHERE subject_type <> 'restriction' AND NOT is_new GROUP BY 1
UNION ALL SELECT 'missing', count(*) FROM lacking WHERE is_new"""

_LATE_REVIEWS = (
    "SELECT ends() - due_on AS days FROM judged JOIN duties USING (rule) WHERE feeds = 'reviews' AND state = 'overdue'"
)
_LATE_APPEALS = """SELECT ends() - min(due_on) AS days FROM judged JOIN duties USING (rule)
WHERE feeds IN ('acknowledgements', 'decisions', 'answers', 'notices') AND state = 'overdue' GROUP BY subject_ref"""


def _overdue(found: str) -> str:
    return f"""WITH late AS ({found})
SELECT {_bands(_OVERDUE, "over_365")} AS measure, count(*) AS numerator FROM late GROUP BY 1
UNION ALL SELECT 'overdue', count(*) FROM late"""


FIGURES: dict[str, str] = {
    "duties_kept": _kept("", "weight <> 'info'"),
    "restrictions": _row(
        customers_restricted=f"count(DISTINCT customer_ref) FILTER ({IN_FORCE})",
        customers_new="count(DISTINCT customer_ref) FILTER (begins BETWEEN starts() AND ends())",
        opening="count(*) FILTER (begins < starts() AND (gone IS NULL OR gone >= starts()))",
        new="count(*) FILTER (begins BETWEEN starts() AND ends())",
        ended="count(*) FILTER (gone BETWEEN starts() AND ends())",
        in_force=f"count(*) FILTER ({IN_FORCE})",
    )
    + " FROM spans",
    "restrictions_by_length": f"""SELECT {_bands(_LENGTHS, "over_2_years", "ends() - begins")} AS measure,
       count(*) AS numerator FROM spans WHERE {IN_FORCE} GROUP BY 1""",
    "restrictions_by_measure": f"""SELECT measure, count(DISTINCT restriction_ref) AS numerator FROM (
  SELECT restriction_ref, unnest(string_split(measure, ';')) AS measure FROM spans WHERE {IN_FORCE}) GROUP BY 1""",
    "continuous_time": _UNBROKEN,
    "lacking": _row(
        no_end_date="count(*) FILTER (expires_on IS NULL)",
        no_letter="count(*) FILTER (notified_on IS NULL OR notice_in_writing IS NOT TRUE)",
        no_emergency_route="count(*) FILTER (emergency_route IS NOT TRUE)",
        no_adjustments="count(*) FILTER (adjustments_considered IS NOT TRUE)",
        no_review_by_choice="count(*) FILTER (no_review_reason IS NOT NULL)",
    )
    + f" FROM spans WHERE {IN_FORCE}",
    "reviews": f"""{_kept("reviews_", "feeds = 'reviews'")} UNION ALL
SELECT unnest(['reviews_held', 'held_retain', 'held_vary', 'held_lift']),
       unnest([count(*), count(*) FILTER (outcome = 'retain'), count(*) FILTER (outcome = 'vary'),
               count(*) FILTER (outcome = 'lift')])
FROM known.reviews WHERE reviewed_on BETWEEN starts() AND ends()""",
    "overdue_reviews": _overdue(_LATE_REVIEWS),
    "overdue_appeals": _overdue(_LATE_APPEALS),
    "incidents": _row(
        incidents="count(*)",
        violent="count(*) FILTER (violence IN ('threat', 'physical'))",
        harassment="count(*) FILTER (harassment)",
        discriminatory="count(*) FILTER (discriminatory)",
        police="count(*) FILTER (police_reported_on IS NOT NULL)",
        reported="count(*) FILTER (committee_reported_on IS NOT NULL)",
        named="count(*) FILTER (staff_named_publicly)",
    )
    + """ FROM met UNION ALL SELECT 'repeat_customers', count(*) FROM (
  SELECT customer_ref FROM met GROUP BY 1 HAVING count(*) > 1)""",
    "incidents_by_category": _by_code(
        "category",
        (
            "aggressive_or_abusive",
            "unreasonable_demands",
            "unreasonable_persistence",
            "complaints_misuse",
            "harassment",
            "refusal_to_cooperate",
        ),
    ),
    "incidents_by_channel": _by_code("channel", ("in_person", "phone", "text", "letter", "email", "social_media")),
    "incidents_by_violence": _by_code("violence", ("none", "threat", "physical")),
    "safeguards": _SAFEGUARDS,
    "markers": _row(
        markers="count(*)",
        left_behind="count(*) FILTER (restriction_ref IN (SELECT restriction_ref FROM spans WHERE gone <= ends()))",
        markers_overdue="count(*) FILTER (review_due_on < ends() AND reviewed_on IS NULL)",
    )
    + " FROM known.markers WHERE removed_on IS NULL",
}
"""Table of a pack -> the statement of its figures; staff, counted in the reported quarter alone, are left out."""
