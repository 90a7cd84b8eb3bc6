"""The containers of docker-compose.yaml, started by a real Docker engine: `make test-containers`."""
