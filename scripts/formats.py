"""Writes the small files below `crates/data/tests/data/`, each with its own ecosystem's tool.

    python3 -m venv env && env/bin/pip install pandas pyarrow polars datasets Pillow scipy
    env/bin/python scripts/formats.py
"""

import os
from importlib.metadata import version

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
from datasets import Array2D, ClassLabel, Dataset, DatasetDict, Features, Image
from PIL import Image as Picture

FOLDER = os.path.join(os.path.dirname(__file__), "..", "crates", "data", "tests", "data")


def table():
    """A column of each type, the same for every writer."""
    return {
        "whole": pa.array([1, -2, None], pa.int64()),
        "small": pa.array([255, 0, None], pa.uint8()),
        "large": pa.array([2**64 - 1, 1, None], pa.uint64()),
        "id": pa.array([9007199254740993, 2, None], pa.int64()),
        "float": pa.array([0.1, -1e300, None], pa.float64()),
        "single": pa.array([0.5, 3.25, None], pa.float32()),
        "half": pa.array(np.array([1.5, -2.0, 65504.0], np.float16)),
        "truth": pa.array([True, False, None]),
        "word": pa.array(["é", "", None]),
        "kind": pa.array(["b", "a", None]).dictionary_encode(),
        "day": pa.array([19782, -1, None], pa.int32()).cast(pa.date32()),
        "moment": pa.array([1709164800123456, 0, None], pa.timestamp("us")),
        "zoned": pa.array([1709164800123, 0, None], pa.timestamp("ms", tz="Europe/Berlin")),
        "money": pa.array(["12.34", "-0.05", None]).cast(pa.decimal128(20, 2)),
        "vector": pa.array([[1.5, 2.5], None, [3.5, None]], pa.list_(pa.float32())),
        "fixed": pa.array([[1, 2], [3, 4], [5, 6]], pa.list_(pa.int16(), 2)),
        "nothing": pa.nulls(3),
        "pair": pa.array([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}, None]),
    }


def more():
    """Further types, which Parquet and Arrow have in common."""
    return {
        "day64": pa.array([19782, -1, None], pa.int32()).cast(pa.date32()).cast(pa.date64()),
        "time_s": pa.array([1, 86399, None], pa.time32("s")),
        "time_us": pa.array([1500000, 0, None], pa.time64("us")),
        "time_ns": pa.array([1, 0, None], pa.time64("ns")),
        "moment_s": pa.array([1709164800, -1, None], pa.timestamp("s")),
        "moment_ns": pa.array([1709164800123456789, -1, None], pa.timestamp("ns", tz="UTC")),
        "large": pa.array(["é", "", None], pa.large_string()),
        "view": pa.array(["short", "longer than twelve bytes", None], pa.string_view()),
        "wide": pa.array(["12.34", "-0.05", None]).cast(pa.decimal256(30, 2)),
        "codes": pa.DictionaryArray.from_arrays(pa.array([1, 0, None], pa.int8()), pa.array([7, 9], pa.int64())),
        "grid": pa.array([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, None]], None], pa.large_list(pa.list_(pa.float64()))),
        "points": pa.array([[{"x": 1, "y": 2}, {"x": 3, "y": 4}], [{"x": 5, "y": 6}, None], []]),
        "pair": pa.array([{"in": {"v": [1, 2]}}, {"in": None}, None], pa.struct({"in": pa.struct({"v": pa.list_(pa.int8())})})),
        "i8": pa.array([-128, 127, None], pa.int8()),
        "u32": pa.array([4294967295, 0, None], pa.uint32()),
        "wait": pa.array([5, -5, None], pa.duration("ms")),
        "map": pa.array([[("a", 1)], [], None], pa.map_(pa.string(), pa.int32())),
    }


def arrow_file(table, path, compression=None, stream=False, chunk=2):
    """A file or stream of record batches of so many rows."""
    options = pa.ipc.IpcWriteOptions(compression=compression)
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with new(path, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=chunk)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    path = lambda name: os.path.join(FOLDER, name)
    arrow = pa.table(table())
    for compression in ["snappy", "zstd", "gzip", "lz4", "none"]:
        pq.write_table(arrow, path(f"pyarrow-{compression}.parquet"), compression=compression, row_group_size=2)
    pq.write_table(
        arrow, path("pyarrow-v2.parquet"), data_page_version="2.0", use_dictionary=False,
        column_encoding={"whole": "DELTA_BINARY_PACKED", "float": "BYTE_STREAM_SPLIT", "word": "DELTA_BYTE_ARRAY"},
    )
    for compression in ["lz4", "zstd", None]:
        arrow_file(arrow, path(f"pyarrow-{compression or 'none'}.arrow"), compression)
    arrow_file(arrow, path("pyarrow-stream.arrows"), stream=True)
    further = pa.table(more())
    pq.write_table(further, path("pyarrow-more.parquet"))
    feather.write_feather(further, path("pyarrow-more.feather"))
    frame = pd.DataFrame({
        "x": [0.1, None, 3.0],
        "n": pd.array([1, None, 3], "Int64"),
        "kind": pd.Categorical(["b", "a", None], ["a", "b"]),
        "when": pd.to_datetime(["2024-02-29 12:30:00", None, "1969-12-31 00:00:00"]),
        "ok": [True, False, True],
    })
    frame.to_parquet(path("pandas.parquet"))
    frame.to_feather(path("pandas.feather"))
    frame = pl.DataFrame({
        "x": [0.1, None, 3.0],
        "n": [1, None, 3],
        "kind": pl.Series(["b", "a", None], dtype=pl.Enum(["a", "b"])),
        "vector": pl.Series([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype=pl.Array(pl.Float64, 2)),
    })
    frame.write_parquet(path("polars.parquet"))
    frame.write_ipc(path("polars.ipc"), compression="zstd")

    classes = ClassLabel(names=["cat", "dog", "eel"])
    features = Features({"image": Image(), "label": classes})
    os.makedirs(path("hub/data"), exist_ok=True)
    picture = lambda value: Picture.fromarray(np.full((2, 3), value, np.uint8))
    part = lambda values, labels: Dataset.from_dict(
        {"image": [picture(value) for value in values], "label": labels}, features=features)
    for shard, (values, labels) in enumerate([([0, 10], [1, 0]), ([20], [2])]):
        part(values, labels).to_parquet(path(f"hub/data/train-{shard:05}-of-00002.parquet"))
    part([30, 40], [0, 2]).to_parquet(path("hub/data/test-00000-of-00001.parquet"))
    saved = DatasetDict({"train": part([0, 10, 20], [1, 0, 2]), "test": part([30, 40], [0, 2])})
    saved.save_to_disk(path("hub-saved"), num_shards={"train": 2, "test": 1})
    arrays = Dataset.from_dict(
        {"x": [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]], "label": [1, -1]},
        features=Features({"x": Array2D((2, 2), "float32"), "label": classes}),
    )
    arrays.to_parquet(path("hub-array.parquet"))
    arrays.save_to_disk(path("hub-array-saved"))
    for name, pixels in {
        "F": np.array([[0.25, 1.5]], np.float32),
        "I": np.array([[1, 70000]], np.int32),
        "I16": np.array([[257, 65535]], np.uint16),
    }.items():
        Dataset.from_dict({"image": [pixels]}, features=Features({"image": Image()})).to_parquet(
            path(f"hub-tiff-{name}.parquet"))
    packages = ["numpy", "pandas", "pyarrow", "polars", "datasets", "Pillow"]
    print(", ".join(f"{package} {version(package)}" for package in packages))


main()
