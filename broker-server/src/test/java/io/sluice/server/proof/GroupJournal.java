package io.sluice.server.proof;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * What everybody around a consumer group has done, in one file to which all processes append. Each appends with a single write,
 * so the system puts them in order: who wrote before asking the broker for something stands before whoever the broker told of it.
 *
 * <pre>
 *  TIME producer sent PARTITION OFFSET NUMBER      acknowledged
 *  TIME member did PARTITION OFFSET NUMBER         written before the record is committed
 *  TIME member committed PARTITION NEXT            written after the broker has said so
 *  TIME test kills NAME                            the broker or a member
 *  TIME test has-again broker
 *  TIME who anything else                          for whoever reads it
 * </pre>
 *
 * For use by any thread.
 */
final class GroupJournal implements AutoCloseable {
    static final String KILLS = "kills";
    static final String HAS_AGAIN = "has-again";
    /** The broker's name. */
    static final String BROKER = "broker";

    private final FileChannel file;

    GroupJournal(Path path) {
        try {
            file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String sent(int partition, long offset, long number) {
        return "sent " + partition + " " + offset + " " + number;
    }

    static String did(int partition, long offset, String number) {
        return "did " + partition + " " + offset + " " + number;
    }

    static String committed(int partition, long next) {
        return "committed " + partition + " " + next;
    }

    /** The test kills the broker or a member. */
    void kills(String whom) {
        add("test", KILLS + " " + whom);
    }

    /** The broker is back. */
    void hasBrokerAgain() {
        add("test", HAS_AGAIN + " " + BROKER);
    }

    /** Appends what somebody has done, in order. */
    void add(String who, List<String> what) {
        String begin = System.currentTimeMillis() + " " + who + " ";
        StringBuilder lines = new StringBuilder();
        what.forEach(one -> lines.append(begin).append(one).append('\n'));
        byte[] bytes = lines.toString().getBytes(StandardCharsets.UTF_8);
        try {
            if (file.write(ByteBuffer.wrap(bytes)) != bytes.length) {
                throw new IOException("the journal took only a part");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void add(String who, String what) {
        add(who, List.of(what));
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
