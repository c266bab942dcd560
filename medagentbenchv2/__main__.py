"""`python -m medagentbenchv2`: the command line."""

from medagentbenchv2.cli import main

if __name__ == "__main__":
    main()
