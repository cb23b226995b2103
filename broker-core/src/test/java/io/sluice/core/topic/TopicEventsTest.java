package io.sluice.core.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.topic.TopicEntry.State;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

final class TopicEventsTest {
    private static final UUID ID = new UUID(0x0102030405060708L, 0x090a0b0c0d0e0f10L);
    private static final TopicEntry ENTRY =
            new TopicEntry(ID, "a.b", 3, Map.of("retention.ms", "5", "cleanup.policy", "delete"), 7, State.DELETING);

    @Property
    void whatIsEncodedDecodesToTheSame(@ForAll("events") TopicEvent event) {
        assertThat(decode(event)).isEqualTo(event);
    }

    @Property(tries = 20_000)
    void arbitraryBytesAreDecodedOrRefusedButNothingElse(@ForAll byte[] value) {
        byte[] key = TopicEvents.key(new TopicEvent.Removed(ID));
        decodeOrRefuse(key, Optional.of(value));
        if (value.length > 1) {
            // Most stop at the version or the state; with these two right they get further.
            value[0] = 1;
            value[1] &= 1;
            decodeOrRefuse(key, Optional.of(value));
        }
    }

    @Property
    void aKeyOfAnotherLengthIsRefused(@ForAll byte[] key) {
        decodeOrRefuse(key, Optional.empty());
    }

    @Property
    void aFlippedByteIsDecodedOrRefusedButNothingElse(
            @ForAll("events") TopicEvent event, @ForAll int where, @ForAll byte what) {
        TopicEvents.value(event).ifPresent(value -> {
            value[Math.floorMod(where, value.length)] ^= what;
            decodeOrRefuse(TopicEvents.key(event), Optional.of(value));
        });
    }

    @Property(tries = 200)
    void aValueCutAnywhereIsRefused(@ForAll("events") TopicEvent event) {
        TopicEvents.value(event).ifPresent(value -> {
            for (int length = 0; length < value.length; length++) {
                byte[] cut = Arrays.copyOf(value, length);
                assertThatThrownBy(() -> decode(TopicEvents.key(event), cut))
                        .isInstanceOfSatisfying(
                                BrokerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DATA_CORRUPT));
            }
        });
    }

    @Example
    void theBytesAreTheDocumentedOnes() {
        String hex = HexFormat.of()
                .formatHex(TopicEvents.value(new TopicEvent.Put(ENTRY)).orElseThrow());

        assertThat(HexFormat.of().formatHex(TopicEvents.key(new TopicEvent.Put(ENTRY))))
                .isEqualTo("0102030405060708090a0b0c0d0e0f10");
        assertThat(hex)
                .isEqualTo("01" + "01" + "00000003" + "0000000000000007" + "0003" + "612e62" + "00000002"
                        + "000e" + "636c65616e75702e706f6c696379" + "00000006" + "64656c657465"
                        + "000c" + "726574656e74696f6e2e6d73" + "00000001" + "35");
    }

    @Example
    void aRemovedTopicIsATombstone() {
        TopicEvent event = new TopicEvent.Removed(ID);

        assertThat(TopicEvents.value(event)).isEmpty();
        assertThat(decode(event)).isEqualTo(event);
    }

    @Example
    void decodingLeavesTheBuffersAlone() {
        ByteBuffer key = ByteBuffer.wrap(TopicEvents.key(new TopicEvent.Put(ENTRY)));
        ByteBuffer value =
                ByteBuffer.wrap(TopicEvents.value(new TopicEvent.Put(ENTRY)).orElseThrow());

        TopicEvents.decode(key.asReadOnlyBuffer(), Optional.of(value.asReadOnlyBuffer()));
        TopicEvents.decode(key, Optional.of(value));

        assertThat(key.position()).isZero();
        assertThat(value.position()).isZero();
    }

    @Example
    void theMessageSaysWhatMakesNoSense() {
        assertRefused(0, 2, "version 2 is unknown");
        assertRefused(1, 9, "state 9 is unknown");
        assertRefused(5, 0, "it has 0 partitions");
        assertRefused(16, '/', "'/' at position 0");
        assertRefused(16, 0xff, "a text is not UTF-8");
        assertRefused(22, 9, "9 overrides do not fit");
        assertRefused(25, 'z', "the overrides are not in ascending order");
        assertThatThrownBy(() -> decode(new byte[15], new byte[0]))
                .hasMessageContaining("its key has 15 bytes instead of 16");
        byte[] value = TopicEvents.value(new TopicEvent.Put(ENTRY)).orElseThrow();
        assertThatThrownBy(() -> decode(TopicEvents.key(new TopicEvent.Put(ENTRY)), Arrays.copyOf(value, 99)))
                .hasMessageContaining("bytes are left over");
    }

    private static void assertRefused(int position, int newByte, String message) {
        byte[] value = TopicEvents.value(new TopicEvent.Put(ENTRY)).orElseThrow();
        value[position] = (byte) newByte;
        assertThatThrownBy(() -> decode(TopicEvents.key(new TopicEvent.Put(ENTRY)), value))
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining(ID.toString())
                .hasMessageContaining(message);
    }

    private static void decodeOrRefuse(byte[] key, Optional<byte[]> value) {
        try {
            TopicEvent event = TopicEvents.decode(ByteBuffer.wrap(key), value.map(ByteBuffer::wrap));
            assertThat(TopicEvents.key(event)).isEqualTo(key);
            assertThat(TopicEvents.value(event).map(HexFormat.of()::formatHex))
                    .isEqualTo(value.map(HexFormat.of()::formatHex));
        } catch (BrokerException e) {
            assertThat(e.code()).isEqualTo(ErrorCode.DATA_CORRUPT);
        }
    }

    private static TopicEvent decode(TopicEvent event) {
        return TopicEvents.decode(
                ByteBuffer.wrap(TopicEvents.key(event)),
                TopicEvents.value(event).map(ByteBuffer::wrap));
    }

    private static TopicEvent decode(byte[] key, byte[] value) {
        return TopicEvents.decode(ByteBuffer.wrap(key), Optional.of(ByteBuffer.wrap(value)));
    }

    @Provide
    Arbitrary<TopicEvent> events() {
        Arbitrary<UUID> ids =
                Combinators.combine(Arbitraries.longs(), Arbitraries.longs()).as(UUID::new);
        Arbitrary<String> names = Arbitraries.strings()
                .withCharRange('a', 'z')
                .withChars("._-")
                .ofMinLength(3)
                .ofMaxLength(249)
                .map(name -> "t" + name.substring(1));
        // Any Unicode text: the codec does not know which settings there are.
        Arbitrary<String> texts = Arbitraries.strings()
                .ofMaxLength(40)
                .filter(text -> text.codePoints().noneMatch(c -> Character.getType(c) == Character.SURROGATE));
        Arbitrary<TopicEvent> puts = Combinators.combine(
                        ids,
                        names,
                        Arbitraries.integers().greaterOrEqual(1),
                        Arbitraries.maps(texts, texts).ofMaxSize(8),
                        Arbitraries.longs(),
                        Arbitraries.of(State.class))
                .as(TopicEntry::new)
                .map(TopicEvent.Put::new);
        return Arbitraries.oneOf(puts, puts, ids.map(TopicEvent.Removed::new));
    }
}
