package io.sluice.core.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.kafka.common.utils.ByteUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VarintsTest {
    @Property
    void everyIntComesBackAndIsWhatKafkaWrites(@ForAll int value) {
        byte[] bytes = new byte[Varints.sizeOf(value)];
        assertThat(Varints.write(bytes, 0, value)).isEqualTo(bytes.length);

        assertThat(Varints.readInt(ByteBuffer.wrap(bytes))).isEqualTo(value);
        assertThat(bytes).isEqualTo(byKafka(value));
    }

    @Property
    void everyLongComesBackAndIsWhatKafkaWrites(@ForAll long value) {
        byte[] bytes = new byte[Varints.sizeOf(value)];
        assertThat(Varints.write(bytes, 0, value)).isEqualTo(bytes.length);

        assertThat(Varints.readLong(ByteBuffer.wrap(bytes))).isEqualTo(value);
        assertThat(bytes).isEqualTo(byKafka(value));
    }

    @Test
    void theEdgesOfEverySizeComeBack() {
        for (int bit = 0; bit < 64; bit++) {
            for (long step = -2; step <= 2; step++) {
                for (long sign = -1; sign <= 1; sign += 2) {
                    long value = sign * (1L << bit) + step;
                    everyLongComesBackAndIsWhatKafkaWrites(value);
                    everyIntComesBackAndIsWhatKafkaWrites((int) value);
                }
            }
        }
    }

    @Test
    void anIntCutAnywhereIsRefused() {
        byte[] bytes = new byte[5];
        Varints.write(bytes, 0, Integer.MIN_VALUE);
        for (int length = 0; length < 5; length++) {
            ByteBuffer cut = ByteBuffer.wrap(bytes, 0, length);
            assertThatThrownBy(() -> Varints.readInt(cut)).isInstanceOf(MalformedRecordException.class);
        }
    }

    @Test
    void aLongCutAnywhereIsRefused() {
        byte[] bytes = new byte[10];
        Varints.write(bytes, 0, Long.MIN_VALUE);
        for (int length = 0; length < 10; length++) {
            ByteBuffer cut = ByteBuffer.wrap(bytes, 0, length);
            assertThatThrownBy(() -> Varints.readLong(cut)).isInstanceOf(MalformedRecordException.class);
        }
    }

    /** The last byte of a five-byte int has room for four bits only; what it says beyond must not be dropped. */
    @ParameterizedTest
    @ValueSource(bytes = {0x10, 0x1f, 0x20, 0x40, 0x7f})
    void anIntOfMoreThan32BitsIsRefused(byte last) {
        ByteBuffer bytes = ByteBuffer.wrap(new byte[] {-1, -1, -1, -1, last});
        assertThatThrownBy(() -> Varints.readInt(bytes)).isInstanceOf(MalformedRecordException.class);
    }

    @ParameterizedTest
    @ValueSource(bytes = {0x02, 0x03, 0x40, 0x7f})
    void aLongOfMoreThan64BitsIsRefused(byte last) {
        ByteBuffer bytes = ByteBuffer.wrap(new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, -1, last});
        assertThatThrownBy(() -> Varints.readLong(bytes)).isInstanceOf(MalformedRecordException.class);
    }

    @Test
    void bytesThatNeverEndAVarintAreRefused() {
        byte[] endless = new byte[64];
        java.util.Arrays.fill(endless, (byte) 0x80);
        assertThatThrownBy(() -> Varints.readInt(ByteBuffer.wrap(endless)))
                .isInstanceOf(MalformedRecordException.class);
        assertThatThrownBy(() -> Varints.readLong(ByteBuffer.wrap(endless)))
                .isInstanceOf(MalformedRecordException.class);
    }

    private static byte[] byKafka(int value) {
        ByteBuffer buffer = ByteBuffer.allocate(5);
        ByteUtils.writeVarint(value, buffer);
        return java.util.Arrays.copyOf(buffer.array(), buffer.position());
    }

    private static byte[] byKafka(long value) {
        ByteBuffer buffer = ByteBuffer.allocate(10);
        ByteUtils.writeVarlong(value, buffer);
        return java.util.Arrays.copyOf(buffer.array(), buffer.position());
    }
}
