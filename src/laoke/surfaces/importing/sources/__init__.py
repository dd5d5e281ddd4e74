"""Files of three kinds, brought into one form: Parquet with text columns and row numbers, or Parquet as it is."""

from laoke.surfaces.importing.sources.opening import Source, WrongWidth, open_sources

__all__ = ["Source", "WrongWidth", "open_sources"]
