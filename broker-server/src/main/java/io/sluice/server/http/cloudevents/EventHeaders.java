package io.sluice.server.http.cloudevents;

import io.sluice.core.record.Headers;
import io.sluice.server.http.HttpProblem;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The attributes of one event, checked and written as the headers of a record, as Kafka's binding has them in its binary mode.
 * Used again for the next event. For use by one thread.
 */
final class EventHeaders {
    static final String PREFIX = "ce_";
    static final String CONTENT_TYPE = "content-type";

    private static final int MAX_ATTRIBUTES = 1_000;

    private final Map<String, String> values = new HashMap<>();
    private final Places places;
    private final Headers headers;

    /** How faults name an attribute: as the request has it. */
    @FunctionalInterface
    interface Places {
        String of(String attribute);
    }

    EventHeaders(Places places, Headers headers) {
        this.places = places;
        this.headers = headers;
    }

    /** Begins with a new event. */
    void begin() {
        values.clear();
    }

    /**
     * Adds an attribute.
     *
     * @throws HttpProblem 400 invalid_event or duplicate_field
     */
    void add(String name, String value) {
        Attributes.faultOfName(name).or(() -> Attributes.faultOf(name, value)).ifPresent(fault -> {
            throw invalid(name, fault);
        });
        if (values.size() == MAX_ATTRIBUTES) {
            throw invalid(name, "is one attribute more than the " + MAX_ATTRIBUTES + " an event may have");
        }
        if (values.putIfAbsent(name, value) != null) {
            throw duplicate(name);
        }
        headers.add(
                name.equals(Attributes.DATACONTENTTYPE) ? CONTENT_TYPE : PREFIX + name,
                value.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Refuses what is no event for want of an attribute.
     *
     * @throws HttpProblem 400 invalid_event
     */
    void requireAll() {
        for (String name : Attributes.REQUIRED) {
            if (!values.containsKey(name)) {
                throw invalid(name, "is missing; every CloudEvent has " + String.join(", ", Attributes.REQUIRED));
            }
        }
    }

    /** The value of an attribute that has been added. */
    Optional<String> get(String name) {
        return Optional.ofNullable(values.get(name));
    }

    /** What the extension {@code partitionkey} says: the key that the record shall have. */
    Optional<byte[]> key() {
        return get(Attributes.PARTITIONKEY).map(key -> key.getBytes(StandardCharsets.UTF_8));
    }

    HttpProblem invalid(String name, String what) {
        String place = places.of(name);
        return new HttpProblem(400, "invalid_event", (place + " " + what).trim()).with("field", place);
    }

    HttpProblem duplicate(String name) {
        String place = places.of(name);
        return new HttpProblem(400, "duplicate_field", place + " is there twice").with("field", place);
    }
}
