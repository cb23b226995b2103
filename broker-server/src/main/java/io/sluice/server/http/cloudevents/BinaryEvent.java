package io.sluice.server.http.cloudevents;

import io.sluice.core.record.Headers;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.json.Utf8;
import io.vertx.core.MultiMap;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** An event in the binary mode of HTTP's binding: attributes in headers that begin with {@code ce-}, data in the body. */
public final class BinaryEvent {
    private static final String PREFIX = "ce-";
    /** Any of these says that an event is meant, so that the others must be there too. */
    private static final List<String> SIGNS = List.of("ce-specversion", "ce-id", "ce-source");

    private BinaryEvent() {}

    /** Whether a request means to be an event. One that has nothing but an event type does not. */
    public static boolean isIn(MultiMap http) {
        for (String sign : SIGNS) {
            if (http.contains(sign)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Adds the attributes of a request to the headers of its record. If the request is no event, {@code ce-} headers are added all
     * the same, so that a plain record can have an event type.
     *
     * @return the key that the event brings
     * @throws HttpProblem 400 invalid_event or duplicate_field, naming the header
     */
    public static Optional<byte[]> addTo(Headers headers, MultiMap http) {
        EventHeaders event = new EventHeaders(
                name -> name.equals(Attributes.DATACONTENTTYPE) ? "Content-Type" : PREFIX + name, headers);
        for (Map.Entry<String, String> header : http) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            if (name.startsWith(PREFIX)) {
                String attribute = name.substring(PREFIX.length());
                if (attribute.equals(Attributes.DATACONTENTTYPE)) {
                    throw new HttpProblem(
                                    400, "invalid_event", "ce-datacontenttype must not be there: Content-Type says it")
                            .with("field", "ce-datacontenttype");
                }
                event.add(attribute, decoded(event, attribute, header.getValue()));
            }
        }
        if (isIn(http)) {
            event.requireAll();
        }
        return event.key();
    }

    /** What a header stands for: quotes are taken off, then bytes written as %xy put back. */
    private static String decoded(EventHeaders event, String name, String header) {
        byte[] coded = unquoted(header).getBytes(StandardCharsets.ISO_8859_1);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(coded.length);
        for (int at = 0; at < coded.length; at++) {
            int high = coded[at] == '%' && at + 2 < coded.length ? Character.digit(coded[at + 1], 16) : -1;
            int low = high < 0 ? -1 : Character.digit(coded[at + 2], 16);
            if (low >= 0) {
                bytes.write(high << 4 | low);
                at += 2;
            } else {
                // Senders that encode nothing mean a percent sign by it.
                bytes.write(coded[at]);
            }
        }
        byte[] text = bytes.toByteArray();
        if (!Utf8.isValid(text, 0, text.length)) {
            throw event.invalid(name, "is not UTF-8 when its %xy are decoded");
        }
        return new String(text, StandardCharsets.UTF_8);
    }

    private static String unquoted(String header) {
        if (header.length() < 2 || header.charAt(0) != '"' || header.charAt(header.length() - 1) != '"') {
            return header;
        }
        StringBuilder text = new StringBuilder(header.length());
        for (int at = 1; at < header.length() - 1; at++) {
            char c = header.charAt(at);
            if (c == '\\' && at + 1 < header.length() - 1) {
                at++;
                c = header.charAt(at);
            }
            text.append(c);
        }
        return text.toString();
    }
}
