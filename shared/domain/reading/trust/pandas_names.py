"""pandas' tables, columns, indexes and their types (reviewed in 1.5 and 2.3). Reviewed data, part of the allowlist.

Whatever is called or filled here may only get plain values, arrays and other objects of pandas: a rule sees to it, since
pandas calls methods of what it is given.
"""

from shared.domain.reading.trust.listing import full_names

_OFFSETS = (
    "BMonthBegin BMonthEnd BQuarterBegin BQuarterEnd BusinessDay BusinessHour BusinessMonthBegin BusinessMonthEnd "
    "BYearBegin BYearEnd Day Hour Micro Milli Minute MonthBegin MonthEnd Nano QuarterBegin QuarterEnd Second "
    "SemiMonthBegin SemiMonthEnd Tick Week WeekOfMonth YearBegin YearEnd"
)
PANDAS_BUILDERS = full_names(
    {
        "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked",
        "pandas._libs.internals": "_unpickle_block",
        "pandas._libs.interval": "Interval",
        "pandas._libs.tslibs.nattype": "__nat_unpickle",
        "pandas._libs.tslibs.offsets": _OFFSETS,
        "pandas._libs.tslibs.period": "Period",
        "pandas._libs.tslibs.timedeltas": "Timedelta _timedelta_unpickle",
        "pandas._libs.tslibs.timestamps": "Timestamp _unpickle_timestamp",
        "pandas.core.arrays.string_": "StringDtype",
        "pandas.core.dtypes.dtypes": "PeriodDtype",
        "pandas.core.indexes.base": "Index _new_Index",
        "pandas.core.indexes.category": "CategoricalIndex",
        "pandas.core.indexes.datetimes": "DatetimeIndex _new_DatetimeIndex",
        "pandas.core.indexes.frozen": "FrozenList",
        "pandas.core.indexes.interval": "IntervalIndex _new_IntervalIndex",
        "pandas.core.indexes.multi": "MultiIndex",
        "pandas.core.indexes.numeric": "Float64Index Int64Index UInt64Index",
        "pandas.core.indexes.period": "PeriodIndex _new_PeriodIndex",
        "pandas.core.indexes.range": "RangeIndex",
        "pandas.core.indexes.timedeltas": "TimedeltaIndex",
        "pandas.core.internals.managers": "BlockManager SingleBlockManager",
        "pytz": "_UTC",
        "datetime": "timezone",
    }
)
PANDAS_RESTORED = full_names(
    {
        "pandas.core.arrays.boolean": "BooleanArray BooleanDtype",
        "pandas.core.arrays.categorical": "Categorical",
        "pandas.core.arrays.datetimes": "DatetimeArray",
        "pandas.core.arrays.floating": "Float32Dtype Float64Dtype FloatingArray",
        "pandas.core.arrays.integer": (
            "Int16Dtype Int32Dtype Int64Dtype Int8Dtype IntegerArray "
            "UInt16Dtype UInt32Dtype UInt64Dtype UInt8Dtype"
        ),
        "pandas.core.arrays.interval": "IntervalArray",
        "pandas.core.arrays.period": "PeriodArray",
        "pandas.core.arrays.string_": "StringArray",
        "pandas.core.arrays.timedeltas": "TimedeltaArray",
        "pandas.core.dtypes.dtypes": "CategoricalDtype DatetimeTZDtype IntervalDtype",
        "pandas.core.frame": "DataFrame",
        "pandas.core.series": "Series",
    }
)
PANDAS_MENTIONED = frozenset({"pandas._libs.missing.NA"})
