package io.sluice.server.kafka;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What handlers keep for one connection, each under a key of its own. It ends with the connection. For the connection's
 * event loop.
 */
public final class KafkaSession {
    private final Map<Key<?>, Object> values = new HashMap<>();

    /**
     * A place in the session: every instance is another one.
     *
     * @param <T> what is kept there
     */
    public static final class Key<T> {}

    /** What is kept under a key, made when it is first asked for. */
    @SuppressWarnings("unchecked")
    public <T> T get(Key<T> key, Supplier<T> first) {
        // Only values of the key's type get in here.
        return (T) values.computeIfAbsent(key, missing -> first.get());
    }
}
