"""A parameter that is a pandas data frame."""

import io
import json

import pandas

from ._schemas import dict_schema, is_mixed, list_schema
from .abstract_parameter_type import AbstractParameterType

FORMAT = "pandas.DataFrame:%s"
ORIENTS = ("split", "records", "index", "columns", "values", "table")


class PandasParameterType(AbstractParameterType):
    """A frame with the sample's columns and their types; any number of rows."""

    def __init__(
        self,
        sample_input,
        enforce_column_type=True,
        enforce_shape=True,
        apply_column_names=False,
        orient="records",
    ):
        if not isinstance(sample_input, pandas.DataFrame):
            raise Exception(
                "Invalid sample input provided, must provide a sample Pandas Dataframe."
            )
        if orient not in ORIENTS:
            raise Exception("Invalid orient provided, must be one of %s" % (ORIENTS,))
        super().__init__(sample_input)
        self.enforce_column_type = enforce_column_type
        self.enforce_shape = enforce_shape
        self.apply_column_names = apply_column_names
        self.orient = orient

    def deserialize_input(self, input_data):
        if isinstance(input_data, pandas.DataFrame):
            return input_data
        if not isinstance(input_data, (list, dict)):
            raise Exception(
                "Error, unable to convert input of type %s into Pandas Dataframe"
                % type(input_data)
            )
        text = io.StringIO(json.dumps(input_data))
        # In the orient "table" the types stand in the input itself.
        types = {} if self.orient == "table" else {"dtype": False}
        frame = pandas.read_json(text, orient=self.orient, **types)
        if self.apply_column_names:
            frame.columns = self.sample_input.columns.copy()
        if self.enforce_column_type:
            frame = self._typed(frame)
        if self.enforce_shape and frame.shape[1] != self.sample_input.shape[1]:
            raise ValueError(
                "Invalid input data frame: data frame has size %d on dimension #1, while "
                "expected value is %d" % (frame.shape[1], self.sample_input.shape[1])
            )
        return frame

    def _typed(self, frame):
        known = self.sample_input.dtypes.to_dict()
        types = {name: known.get(name, object) for name in frame.columns}
        for name, dtype in types.items():
            if str(dtype).startswith("timedelta"):
                frame[name] = pandas.to_timedelta(frame[name])
            elif str(dtype).startswith("datetime"):
                frame[name] = pandas.to_datetime(frame[name], utc=True)
                if getattr(dtype, "tz", None) is None:
                    frame[name] = frame[name].dt.tz_localize(None)
        return frame.astype(dtype=types)

    def input_to_swagger(self):
        example = self._example()
        schema = list_schema(example) if isinstance(example, list) else dict_schema(example)
        self._mark_times(schema)
        schema["format"] = FORMAT % self.orient
        return schema

    def supported_versions(self):
        return ("3.0", "3.1") if is_mixed(self._example()) else super().supported_versions()

    def _example(self):
        return json.loads(self.sample_input.to_json(orient=self.orient, date_format="iso"))

    def _mark_times(self, schema):
        """JSON shows moments as strings: their format tells them."""
        for name, dtype in self.sample_input.dtypes.items():
            kind = str(dtype)
            form = next(
                (form for start, form in _TIMES.items() if kind.startswith(start)), None
            )
            if form is not None:
                for each in self._places(schema, str(name)):
                    each["format"] = form

    def _places(self, schema, name):
        """Where the schema of a column's values stands."""
        if self.orient == "records":
            return [schema["items"]["properties"][name]]
        if self.orient == "index":
            return [row["properties"][name] for row in schema["properties"].values()]
        if self.orient == "columns":
            return list(schema["properties"][name]["properties"].values())
        if self.orient == "table":
            return [schema["properties"]["data"]["items"]["properties"][name]]
        return []


_TIMES = {"datetime": "date-time", "timedelta": "timedelta"}
