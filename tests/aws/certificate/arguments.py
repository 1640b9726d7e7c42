"""The arguments of tests/aws/run."""

import argparse
from pathlib import Path

USAGE = 64  # the exit code of mlopsctl for wrong arguments; nothing was touched


class Parser(argparse.ArgumentParser):
    """Ends like mlopsctl for wrong arguments."""

    def error(self, message):
        self.print_usage()
        self.exit(USAGE, f"{self.prog}: {message}\n")


def parse(argv=None):
    parser = Parser(prog="tests/aws/run", description="Certify mlopsctl on an AWS account.")
    parser.add_argument("--region", default="ap-south-1", help="where the platforms are built (default: %(default)s)")
    parser.add_argument("--full", action="store_true", help="staging and prod as well, not only dev")
    parser.add_argument("--account", help="consent: the id of the account that may be used and billed")
    parser.add_argument("--binary", type=Path, help="this mlopsctl instead of one built from the repository")
    parser.add_argument("--report", type=Path, default=Path("certificate.md"), help="the report (default: %(default)s)")
    parser.add_argument(
        "--emulator",
        choices=["embedded", "localstack"],
        help="no account: the embedded AWS, or LocalStack and moto; no pipeline is executed there",
    )
    return parser.parse_args(argv)
