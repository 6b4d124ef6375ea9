"""What every type of parameter can do; scripts derive their own from it."""

from abc import ABC, abstractmethod


class AbstractParameterType(ABC):
    """A sample stands for the type."""

    def __init__(self, sample_input):
        self.sample_input = sample_input
        self.sample_data_type = type(sample_input)

    @abstractmethod
    def deserialize_input(self, input_data):
        """The JSON value as the sample's type."""

    @abstractmethod
    def input_to_swagger(self):
        """A schema with an `example`."""

    def supported_versions(self):
        return ("2.0", "3.0", "3.1")

    def has_nested(self):
        """Whether values of the right type may hold others that are to be converted."""
        return False
