package io.sluice.server.http.cloudevents;

import io.sluice.core.record.Headers;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.json.Utf8;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * What the headers of a record say of it: whether it is an event by Kafka's binding, in which mode, and with which attributes.
 * Whoever wrote it may have done so badly: what is no attribute is left out. Used again for the next record. For use by one thread.
 */
public final class RecordedEvent {
    private static final String STRUCTURED = "application/cloudevents+json";

    private final Map<String, String> attributes = new LinkedHashMap<>();
    private final EventParser parser = new EventParser(new Headers());
    private Optional<String> contentType = Optional.empty();

    /** Forgets what was added. */
    public void clear() {
        attributes.clear();
        contentType = Optional.empty();
    }

    /** Adds a header. Of two of the same name the last one holds, as for Kafka's clients. */
    public void add(ByteBuffer name, boolean hasValue, ByteBuffer value) {
        Optional<String> key = hasValue ? text(name) : Optional.empty();
        boolean isType = key.filter(EventHeaders.CONTENT_TYPE::equalsIgnoreCase).isPresent();
        boolean isAttribute = key.filter(RecordedEvent::isAttribute).isPresent();
        if (!isType && !isAttribute) {
            return;
        }
        text(value).ifPresent(text -> {
            if (isType) {
                contentType = Optional.of(text);
            } else {
                attributes.put(key.get().substring(EventHeaders.PREFIX.length()), text);
            }
        });
    }

    private static boolean isAttribute(String name) {
        return name.startsWith(EventHeaders.PREFIX)
                && Attributes.faultOfName(name.substring(EventHeaders.PREFIX.length()))
                        .isEmpty();
    }

    private static Optional<String> text(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(bytes.position(), copy);
        return Utf8.isValid(copy, 0, copy.length)
                ? Optional.of(new String(copy, StandardCharsets.UTF_8))
                : Optional.empty();
    }

    /** Whether the value says that it is an event in JSON, attributes and all. */
    public boolean isStructured() {
        return contentType
                .filter(type -> Attributes.withoutParameters(type).equals(STRUCTURED))
                .isPresent();
    }

    /** Whether the value keeps what {@link #isStructured} says. */
    public boolean isEventInJson(byte[] value) {
        try {
            parser.parseOne(value, 0, value.length, (index, key, data, from, length) -> {});
            return true;
        } catch (HttpProblem none) {
            return false;
        }
    }

    /** Whether the headers are those of an event in binary mode: all that is required is there. */
    public boolean isBinary() {
        return Attributes.VERSION.equals(attributes.get(Attributes.SPECVERSION))
                && Attributes.REQUIRED.stream()
                        .allMatch(name -> !attributes.getOrDefault(name, "").isEmpty());
    }

    /** The attributes that have headers of their own: all but the type of the data. */
    public void forEachAttribute(BiConsumer<String, String> action) {
        attributes.forEach((name, value) -> {
            if (!name.equals(Attributes.DATACONTENTTYPE)) {
                action.accept(name, value);
            }
        });
    }

    /** The media type of the data. */
    public Optional<String> contentType() {
        return contentType;
    }

    /** Whether the data is JSON, if it is what its type says. */
    public boolean saysJson() {
        return contentType.filter(Attributes::isJson).isPresent();
    }

    /** Whether the data is in UTF-8 if it is text, as far as its type says. */
    public boolean maySayText() {
        return contentType.filter(Attributes::isUtf8).isPresent();
    }

    /** Whether a text can be the value of an attribute. */
    public static boolean canBeAttribute(String text) {
        return Attributes.faultOf("", text).isEmpty();
    }
}
