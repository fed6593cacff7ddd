"""`vlm2 serve` with the toy model in the place of mini, as a command; its arguments are those of `vlm2 serve`."""

import sys

from toyhome import seeing_toy

if __name__ == "__main__":
    sys.argv = ["vlm2", "serve", *sys.argv[1:]]
    import vlm2.cli.serve
    from vlm2.cli.main import main

    vlm2.cli.serve.load_model = lambda *_, **__: (seeing_toy(), 0.0)
    main()
