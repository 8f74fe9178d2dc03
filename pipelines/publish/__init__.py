"""The files of a published night: write them, check them, explain a line of them."""
