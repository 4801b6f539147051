"""What a checker found."""


class Violation(Exception):
    """A promise that was broken. The text says which, and by whom.

    Attributes:
    promise: its name, as one word: election-safety, linearizability, ...
    """

    def __init__(self, promise: str, text: str) -> None:
        super().__init__(f"{promise}: {text}")
        self.promise = promise
