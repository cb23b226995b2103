package io.sluice.server.codec;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.xerial.snappy.Snappy;

/**
 * Decompresses snappy: the blocks of snappy-java's framing, or one block without any, as other clients write. The
 * library's own stream takes memory for whatever length the data claims. Here memory is taken for what has come, and for
 * a result only if so few bytes can stand for it.
 *
 * <pre>
 *  0   8  magic: 82 "SNAPPY" 00
 *  8   4  version
 * 12   4  lowest version that can read it
 * 16   4  length of the block
 * 20   …  the block; then the next length
 * </pre>
 *
 * <p>For use by one thread.
 */
final class SnappyBlocks extends InputStream {
    /** How large a block may be, before and after. */
    static final int MAX_BLOCK_BYTES = 256 * 1024 * 1024;

    /** Three bytes can stand for 64 at most. */
    private static final int MAX_EXPANSION = 22;

    private static final int HEADER_BYTES = 16;
    private static final long MAGIC = 0x82534e4150505900L;
    private static final int MAGIC_BEGIN = (int) (MAGIC >>> 32);

    private final InputStream in;
    private boolean begun;
    private byte[] block = new byte[0];
    private int at;

    SnappyBlocks(InputStream in) {
        this.in = in;
    }

    @Override
    public int read() throws IOException {
        return more() ? block[at++] & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int from, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!more()) {
            return -1;
        }
        int count = Math.min(length, block.length - at);
        System.arraycopy(block, at, target, from, count);
        at += count;
        return count;
    }

    /** Makes sure that there is a byte; false at the end. */
    private boolean more() throws IOException {
        while (at == block.length) {
            at = 0;
            block = new byte[0];
            if (!(begun ? nextBlock() : begin())) {
                return false;
            }
        }
        return true;
    }

    private boolean begin() throws IOException {
        begun = true;
        byte[] header = in.readNBytes(HEADER_BYTES);
        if (header.length == HEADER_BYTES && ByteBuffer.wrap(header).getLong() == MAGIC) {
            return nextBlock();
        }
        byte[] rest = in.readNBytes(MAX_BLOCK_BYTES);
        byte[] whole = new byte[header.length + rest.length];
        System.arraycopy(header, 0, whole, 0, header.length);
        System.arraycopy(rest, 0, whole, header.length, rest.length);
        return decompress(whole);
    }

    private boolean nextBlock() throws IOException {
        byte[] prefix = in.readNBytes(Integer.BYTES);
        if (prefix.length == 0) {
            return false;
        }
        if (prefix.length < Integer.BYTES) {
            throw new EOFException("the snappy data ends within the length of a block");
        }
        int length = ByteBuffer.wrap(prefix).getInt();
        if (length == MAGIC_BEGIN) {
            // A stream behind a stream: its header is as good as an empty block.
            in.readNBytes(HEADER_BYTES - Integer.BYTES);
            return true;
        }
        if (length < 0 || length > MAX_BLOCK_BYTES) {
            throw new IOException("a snappy block claims " + length + " bytes, " + MAX_BLOCK_BYTES + " is the limit");
        }
        byte[] compressed = in.readNBytes(length);
        if (compressed.length < length) {
            throw new EOFException(
                    "a snappy block claims " + length + " bytes, and " + compressed.length + " are there");
        }
        return decompress(compressed);
    }

    private boolean decompress(byte[] compressed) throws IOException {
        int length = compressed.length == 0 ? 0 : Snappy.uncompressedLength(compressed);
        if (length < 0 || length > Math.min(MAX_BLOCK_BYTES, (long) compressed.length * MAX_EXPANSION)) {
            throw new IOException("a snappy block of " + compressed.length + " bytes claims to stand for "
                    + Integer.toUnsignedString(length));
        }
        block = new byte[length];
        if (length > 0) {
            Snappy.uncompress(compressed, 0, compressed.length, block, 0);
        }
        return true;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
