"""Commands about one mail: bounced."""

from __future__ import annotations

from argparse import Namespace

from due_regard.commands import CommandResult, Commands, add_command, add_command_group, add_landlord_option
from due_regard.commands.given_now import add_now_option, read_writing_now
from due_regard.config.settings import Settings
from due_regard.services.answer_about_mail import report_bounce


def add_commands(commands: Commands) -> None:
    """Adds mail."""
    mail = add_command_group(commands, "mail", "mails that were sent")
    parser = add_command(mail, "bounced", run_mail_bounced, "a mail came back: its address is no longer used")
    parser.add_argument("message_id", metavar="MESSAGE_ID", help="as in the mail's header or its last lines")
    add_landlord_option(parser, "whose mail it is")
    add_now_option(parser)


def run_mail_bounced(args: Namespace, settings: Settings) -> CommandResult:
    """`mail bounced MESSAGE_ID [--landlord L]`."""
    now = read_writing_now(args, settings)
    result = report_bounce(settings, args.message_id, landlord=args.landlord, now=now)
    if result["was_known"]:
        return CommandResult(result, ("it was noted before that this mail came back; nothing changed",))
    return CommandResult(
        result, ("noted: this mail came back. From the next alerts on its address is treated as refused",)
    )
