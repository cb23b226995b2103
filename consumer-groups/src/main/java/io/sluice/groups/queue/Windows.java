package io.sluice.groups.queue;

import org.roaringbitmap.longlong.Roaring64Bitmap;

/** What sets of offsets cannot do by themselves. */
final class Windows {
    private Windows() {}

    /** Removes what lies in {@code [from, to)}. */
    static void remove(Roaring64Bitmap set, long from, long to) {
        if (from < to) {
            Roaring64Bitmap range = new Roaring64Bitmap();
            range.addRange(from, to);
            set.andNot(range);
        }
    }

    /** Removes what lies before an offset. */
    static void removeBefore(Roaring64Bitmap set, long offset) {
        if (!set.isEmpty()) {
            remove(set, set.first(), offset);
        }
    }

    /** What of a set lies in {@code [from, to)}. */
    static Roaring64Bitmap within(Roaring64Bitmap set, long from, long to) {
        Roaring64Bitmap range = new Roaring64Bitmap();
        if (from < to) {
            range.addRange(from, to);
            range.and(set);
        }
        return range;
    }
}
