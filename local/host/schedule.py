"""Timer schedules: NCRONTAB expressions of six fields (or five, at second 0), in UTC. Pure."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import cast

import croniter

_FIELDS = re.compile(r"[0-9A-Za-z*,/\- ]+")
_REFERENCE = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
_GAPS_LOOKED_AT = 5


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a timer is due. Built by `parse`."""

    expression: str

    def after(self, moment: dt.datetime) -> dt.datetime:
        """The first due time later than `moment`, both in UTC."""
        times = croniter.croniter(
            self.expression,
            moment,
            ret_type=dt.datetime,
            day_or=False,  # NCRONTAB: a day must fit both the month's and the week's field
            second_at_beginning=True,
        )
        return cast("dt.datetime", times.get_next())

    @property
    def is_frequent(self) -> bool:
        """Whether it is due more often than once a minute, so that no run is made up for."""
        moment = self.after(_REFERENCE)
        for _ in range(_GAPS_LOOKED_AT):
            following = self.after(moment)
            if following - moment < dt.timedelta(minutes=1):
                return True
            moment = following
        return False


def parse(text: str) -> Schedule:
    """Reads an NCRONTAB expression. Raises ValueError saying what is wrong with it."""
    if ":" in text:
        raise ValueError(f"{text!r} is a time span; write an NCRONTAB expression, six fields")
    fields = text.split()
    if len(fields) not in {5, 6} or not _FIELDS.fullmatch(text):
        raise ValueError(
            f"{text!r} is not an NCRONTAB expression: {{second}} {{minute}} {{hour}} "
            "{day} {month} {day-of-week}"
        )
    schedule = Schedule(" ".join(fields if len(fields) == 6 else ["0", *fields]))
    try:
        schedule.after(_REFERENCE)
    except croniter.CroniterBadDateError:
        raise ValueError(f"{text!r} is never due") from None
    except croniter.CroniterError as error:
        raise ValueError(f"{text!r} is not an NCRONTAB expression: {error}") from None
    return schedule
