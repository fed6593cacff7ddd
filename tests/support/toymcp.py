"""`vlm2 mcp` with the toy model in the place of mini, as a command; its arguments are those of `vlm2 mcp`."""

import sys

from toyhome import seeing_toy

if __name__ == "__main__":
    sys.argv = ["vlm2", "mcp", *sys.argv[1:]]
    import vlm2.cli.mcp
    from vlm2.cli.main import main

    vlm2.cli.mcp.load_model = lambda *_, **__: (seeing_toy(), 0.0)
    main()
