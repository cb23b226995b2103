package io.sluice.server.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.record.CompressionType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.xerial.snappy.Snappy;
import org.xerial.snappy.SnappyOutputStream;

class SnappyBlocksTest {
    private static final byte[] HEADER = {(byte) 0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1};

    private final KafkaCodecs codecs = new KafkaCodecs();

    @Property(tries = 200)
    void whatTheLibraryWritesIsRead(@ForAll long seed) throws IOException {
        Random random = new Random(seed);
        byte[] data = new byte[random.nextInt(200_000)];
        if (random.nextBoolean()) {
            random.nextBytes(data);
        }
        ByteArrayOutputStream framed = new ByteArrayOutputStream();
        try (OutputStream out = new SnappyOutputStream(framed)) {
            out.write(data);
        }
        framed.write(framed.toByteArray());

        byte[] twice = Arrays.copyOf(data, data.length * 2);
        System.arraycopy(data, 0, twice, data.length, data.length);
        assertThat(decompressed(framed.toByteArray())).isEqualTo(twice);
        assertThat(decompressed(Snappy.compress(data))).isEqualTo(data);
    }

    @Test
    void lengthsThatCannotBeAreRefusedBeforeMemoryIsTaken() throws IOException {
        byte[] claimsTwoGigabytes = {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 7, 0, 'a'};
        byte[] small = Snappy.compress(new byte[100]);

        assertRefused(claimsTwoGigabytes, "claims to stand for 2147483647");
        assertRefused(framed(claimsTwoGigabytes.length, claimsTwoGigabytes), "claims to stand for 2147483647");
        assertRefused(framed(Integer.MAX_VALUE, small), "claims 2147483647 bytes");
        assertRefused(framed(-1, small), "claims -1 bytes");
        assertRefused(framed(200_000_000, small), "claims 200000000 bytes, and " + small.length + " are there");
        assertRefused(Arrays.copyOf(framed(small.length, small), HEADER.length + 3), "within the length");
    }

    @Test
    void manyHeadersInARowAreNothing() throws IOException {
        ByteBuffer headers = ByteBuffer.allocate(HEADER.length * 100_000);
        while (headers.hasRemaining()) {
            headers.put(HEADER);
        }

        assertThat(decompressed(headers.array())).isEmpty();
    }

    @Property(tries = 2_000)
    void damageIsRefusedOrGivesSomethingSmall(@ForAll long seed) throws IOException {
        Random random = new Random(seed);
        byte[] block = Snappy.compress(new byte[1 + random.nextInt(1_000)]);
        byte[] bytes = random.nextBoolean() ? block : framed(block.length, block);
        for (int i = random.nextInt(3); i >= 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        try {
            assertThat(decompressed(bytes).length).isLessThan(100_000);
        } catch (IOException refused) {
            assertThat(refused.getMessage()).isNotBlank();
        }
    }

    private static byte[] framed(int length, byte[] block) {
        return ByteBuffer.allocate(HEADER.length + 4 + block.length)
                .put(HEADER)
                .putInt(length)
                .put(block)
                .array();
    }

    private void assertRefused(byte[] bytes, String words) {
        assertThatThrownBy(() -> decompressed(bytes))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(words);
    }

    private byte[] decompressed(byte[] bytes) throws IOException {
        try (InputStream in = codecs.decompress(CompressionType.SNAPPY, new ByteArrayInputStream(bytes))) {
            return in.readAllBytes();
        }
    }
}
