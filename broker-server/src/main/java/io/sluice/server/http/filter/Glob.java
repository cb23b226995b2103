package io.sluice.server.http.filter;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A text with {@code *} for any run of bytes, compared with bytes. What it costs grows with the bytes compared and not with
 * the stars, whatever the text. Immutable.
 */
final class Glob {
    private static final byte[] NOTHING = new byte[0];

    /** What stands before the first star; all of it if there is no star. */
    private final byte[] prefix;

    private final boolean starred;
    /** What stands between two stars, in order; none of it empty. */
    private final List<Infix> infixes;
    /** What stands behind the last star. */
    private final byte[] suffix;

    private final int leastBytes;

    /** @param pieces what stands around the stars: one piece more than there are stars */
    Glob(List<byte[]> pieces) {
        int last = pieces.size() - 1;
        prefix = pieces.get(0);
        starred = last > 0;
        suffix = starred ? pieces.get(last) : NOTHING;
        infixes = pieces.subList(Math.min(1, last), last).stream()
                .filter(piece -> piece.length > 0)
                .map(Infix::new)
                .toList();
        leastBytes = pieces.stream().mapToInt(piece -> piece.length).sum();
    }

    /** Whether it is the same as all that remains in a buffer, which is not moved. */
    boolean matches(ByteBuffer bytes) {
        int length = bytes.remaining();
        if (length < leastBytes || !starred && length != leastBytes) {
            return false;
        }
        int from = bytes.position();
        int to = bytes.limit();
        if (!hasAt(bytes, from, prefix) || !hasAt(bytes, to - suffix.length, suffix)) {
            return false;
        }
        int at = from + prefix.length;
        for (Infix infix : infixes) {
            // The first place where it is found leaves the most for those behind it.
            at = infix.endIn(bytes, at, to - suffix.length);
            if (at < 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean hasAt(ByteBuffer bytes, int at, byte[] piece) {
        for (int i = 0; i < piece.length; i++) {
            if (bytes.get(at + i) != piece[i]) {
                return false;
            }
        }
        return true;
    }

    /** What is looked for anywhere, by the way of Knuth, Morris and Pratt. */
    private static final class Infix {
        private final byte[] piece;
        /** For each length of the piece's beginnings: the length of the longest shorter one that it ends with. */
        private final int[] borders;

        Infix(byte[] piece) {
            this.piece = piece;
            this.borders = new int[piece.length];
            int border = 0;
            for (int i = 1; i < piece.length; i++) {
                border = longer(border, piece[i]);
                borders[i] = border;
            }
        }

        /** Where the first occurrence between two places ends, or -1. */
        int endIn(ByteBuffer bytes, int from, int to) {
            int found = 0;
            for (int at = from; at < to; at++) {
                found = longer(found, bytes.get(at));
                if (found == piece.length) {
                    return at + 1;
                }
            }
            return -1;
        }

        /** How much of the piece has been found, after one byte more. */
        private int longer(int found, byte next) {
            int length = found;
            while (length > 0 && piece[length] != next) {
                length = borders[length - 1];
            }
            return piece[length] == next ? length + 1 : 0;
        }
    }
}
