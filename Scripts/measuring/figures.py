"""What windows of half a second come to: the best, the median, how far apart they lie, and what they can prove."""
import statistics

# Differences below this share are never told: where code happens to lie in memory makes as much.
LEAST_SHARE = 0.01


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Figures:
    """Of one switch on one workload: cycles a packet in each window, repetition by repetition."""

    def __init__(self, name):
        self.name = name
        self.repetitions, self.rates, self.shares = [], [], []

    def add(self, windows, mpps, share):
        """A repetition: its windows, packets a second, and the share of its core that the poller had."""
        self.repetitions.append(windows)
        self.rates.append(mpps)
        self.shares.append(share)

    @property
    def windows(self):
        return [window for repetition in self.repetitions for window in repetition]

    @property
    def best(self):
        """The tenth percentile of all windows: the core nearly undisturbed."""
        return percentile(self.windows, 0.1)

    @property
    def median(self):
        return statistics.median(self.windows)

    @property
    def mpps(self):
        return statistics.median(self.rates)

    @property
    def share(self):
        return statistics.median(self.shares)

    @property
    def window_spread(self):
        """From the tenth to the ninetieth percentile, as a share of the median."""
        return (percentile(self.windows, 0.9) - self.best) / self.median

    @property
    def repetition_spread(self):
        """How far the repetitions' best windows lie apart, as a share of the best; of one repetition, the windows'."""
        bests = [percentile(windows, 0.1) for windows in self.repetitions]
        return (max(bests) - min(bests)) / min(bests) if len(bests) > 1 else self.window_spread

    @property
    def doubt(self):
        """Cycles by which the best figure might be another, were all measured again."""
        return self.best * max(self.repetition_spread, LEAST_SHARE)

    def differs_from(self, other):
        """Whether the two are farther apart than both are in doubt. At least a percent is always in doubt."""
        if any(len(each.repetitions) == 1 and len(each.windows) < 3 for each in (self, other)):
            return False  # nothing is known of the noise
        return abs(self.best - other.best) > self.doubt + other.doubt

    def ratio_to(self, other):
        """Best windows, this by the other; None where noise could have made the difference."""
        return self.best / other.best if self.differs_from(other) else None

    def beyond(self, other):
        """Cycles more than the other's best; None where noise could have made the difference."""
        return self.best - other.best if self.differs_from(other) else None

    def summary(self):
        return {
            "switch": self.name, "best": round(self.best, 1), "median": round(self.median, 1),
            "mpps": round(self.mpps, 3), "windowSpread": round(self.window_spread, 4),
            "repetitionSpread": round(self.repetition_spread, 4), "coreShare": round(self.share, 3),
            "windows": [[round(each, 1) for each in windows] for windows in self.repetitions]}

    @classmethod
    def restored(cls, summary):
        """From what `summary` gave."""
        figures = cls(summary["switch"])
        for windows in summary["windows"]:
            figures.add(windows, summary["mpps"], summary["coreShare"])
        return figures
