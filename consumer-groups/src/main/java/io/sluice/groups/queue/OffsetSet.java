package io.sluice.groups.queue;

import io.sluice.groups.EventInput;
import io.sluice.groups.EventOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import org.roaringbitmap.RoaringBitmap;

/**
 * A set of offsets: runs and single ones take a few bits each, wherever they lie. The library's own sets of longs take time in
 * proportion to 65,536 to add a range, so this one is made of its sets of ints. For one thread.
 */
final class OffsetSet {
    /** How many bits of an offset lie in one page: as many as a positive int has. */
    private static final int PAGE_BITS = 31;

    private static final long PAGE = 1L << PAGE_BITS;

    /** By the offset's high bits. None is empty. */
    private final TreeMap<Long, RoaringBitmap> pages = new TreeMap<>();

    static OffsetSet copyOf(OffsetSet other) {
        OffsetSet copy = new OffsetSet();
        copy.addAll(other);
        return copy;
    }

    /**
     * Puts them behind what is there: 4 bytes of how many pages there are, and of each 8 bytes of which it is, and the set in RoaringBitmap's
     * format for all languages, behind 4 bytes of its length.
     */
    void write(EventOutput out) {
        out.putInt(pages.size());
        pages.forEach((key, page) -> {
            page.runOptimize();
            ByteBuffer bytes = ByteBuffer.allocate(page.serializedSizeInBytes());
            page.serialize(bytes);
            out.putLong(key).putBytes(bytes.array());
        });
    }

    /** Adds those that {@link #write} wrote. */
    void addAll(EventInput in) {
        for (int left = in.getInt(); left > 0; left--) {
            long key = in.getLong();
            RoaringBitmap page = new RoaringBitmap();
            try {
                page.deserialize(ByteBuffer.wrap(in.getBytes()));
            } catch (IOException | RuntimeException e) {
                throw EventInput.corrupt("a set of offsets: " + e.getMessage());
            }
            if (!page.isEmpty()) {
                pages.merge(key, page, (before, more) -> {
                    before.or(more);
                    return before;
                });
            }
        }
    }

    static OffsetSet read(EventInput in) {
        OffsetSet set = new OffsetSet();
        set.addAll(in);
        return set;
    }

    private static int low(long offset) {
        return (int) (offset & (PAGE - 1));
    }

    boolean isEmpty() {
        return pages.isEmpty();
    }

    boolean contains(long offset) {
        RoaringBitmap page = pages.get(offset >>> PAGE_BITS);
        return page != null && page.contains(low(offset));
    }

    long count() {
        long count = 0;
        for (RoaringBitmap page : pages.values()) {
            count += page.getLongCardinality();
        }
        return count;
    }

    /** The smallest. There must be one. */
    long first() {
        Map.Entry<Long, RoaringBitmap> page = pages.firstEntry();
        return (page.getKey() << PAGE_BITS) + page.getValue().first();
    }

    /** The smallest that is not less than an offset; {@link Long#MAX_VALUE} if there is none. */
    long next(long offset) {
        for (Map.Entry<Long, RoaringBitmap> page :
                pages.tailMap(offset >>> PAGE_BITS, true).entrySet()) {
            long begin = page.getKey() << PAGE_BITS;
            long low = page.getValue().nextValue((int) Math.max(0, offset - begin));
            if (low >= 0) {
                return begin + low;
            }
        }
        return Long.MAX_VALUE;
    }

    void add(long offset) {
        pages.computeIfAbsent(offset >>> PAGE_BITS, page -> new RoaringBitmap()).add(low(offset));
    }

    /** Adds {@code [from, to)}. */
    void add(long from, long to) {
        for (long at = from; at < to; at = (at | (PAGE - 1)) + 1) {
            long end = Math.min(to, (at | (PAGE - 1)) + 1);
            pages.computeIfAbsent(at >>> PAGE_BITS, page -> new RoaringBitmap())
                    .add((long) low(at), low(at) + (end - at));
        }
    }

    void clear() {
        pages.clear();
    }

    void addAll(OffsetSet others) {
        others.pages.forEach((key, page) ->
                pages.computeIfAbsent(key, absent -> new RoaringBitmap()).or(page));
    }

    void remove(long offset) {
        RoaringBitmap page = pages.get(offset >>> PAGE_BITS);
        if (page != null) {
            page.remove(low(offset));
            if (page.isEmpty()) {
                pages.remove(offset >>> PAGE_BITS);
            }
        }
    }

    /** Removes {@code [from, to)}. */
    void remove(long from, long to) {
        for (Iterator<Map.Entry<Long, RoaringBitmap>> each = pages.entrySet().iterator(); each.hasNext(); ) {
            Map.Entry<Long, RoaringBitmap> entry = each.next();
            long begin = entry.getKey() << PAGE_BITS;
            long first = Math.max(from, begin);
            long end = Math.min(to, begin + PAGE);
            if (first < end) {
                entry.getValue().remove(first - begin, end - begin);
                if (entry.getValue().isEmpty()) {
                    each.remove();
                }
            }
        }
    }

    /** Removes everything in front of an offset. */
    void removeBefore(long offset) {
        remove(0, offset);
    }

    void removeAll(OffsetSet others) {
        others.pages.forEach((key, other) -> {
            RoaringBitmap page = pages.get(key);
            if (page != null) {
                page.andNot(other);
                if (page.isEmpty()) {
                    pages.remove(key);
                }
            }
        });
    }

    /** Those that lie in {@code [from, to)}. */
    OffsetSet within(long from, long to) {
        OffsetSet range = new OffsetSet();
        pages.subMap(from >>> PAGE_BITS, true, Math.max(from, to - 1) >>> PAGE_BITS, true)
                .forEach((key, page) -> {
                    long begin = key << PAGE_BITS;
                    RoaringBitmap some = RoaringBitmap.bitmapOfRange(
                            Math.max(0, from - begin), Math.max(0, Math.min(PAGE, to - begin)));
                    some.and(page);
                    if (!some.isEmpty()) {
                        range.pages.put(key, some);
                    }
                });
        return range;
    }

    /** All of them, in order. */
    void forEach(LongConsumer each) {
        pages.forEach((key, page) -> page.forEach((int low) -> each.accept((key << PAGE_BITS) + low)));
    }

    /** The first ones, in order. */
    long[] first(int max) {
        long[] some = new long[(int) Math.min(max, count())];
        int count = 0;
        for (Map.Entry<Long, RoaringBitmap> page : pages.entrySet()) {
            for (var low = page.getValue().getIntIterator(); low.hasNext() && count < some.length; ) {
                some[count++] = (page.getKey() << PAGE_BITS) + low.next();
            }
        }
        return some;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof OffsetSet set && pages.equals(set.pages);
    }

    @Override
    public int hashCode() {
        return pages.hashCode();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("{");
        forEach(offset -> text.append(text.length() > 1 ? "," : "").append(offset));
        return text.append('}').toString();
    }
}
