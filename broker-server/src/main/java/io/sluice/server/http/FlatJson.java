package io.sluice.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Reads the bodies that come most often, at a fraction of what a parser takes: one object of plain texts, whole numbers, booleans and lists of
 * plain texts. Whatever is otherwise, or wrong, is left to the parser, which says what is wrong. For use by one thread.
 */
final class FlatJson {
    /** Beyond that the time that a body takes is no matter, and there may be too many names in it. */
    private static final int MAX_BYTES = 64 * 1024;

    private static final int MAX_NAME_CHARS = 64;
    /** As many as fit into a long for sure. */
    private static final int MAX_DIGITS = 18;

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final byte[] bytes;
    private int at;

    private FlatJson(byte[] bytes) {
        this.bytes = bytes;
    }

    /** The object that a body is, as the parser would read it; empty if it is to read it. */
    static Optional<ObjectNode> read(byte[] body) {
        return body.length > MAX_BYTES ? Optional.empty() : Optional.ofNullable(new FlatJson(body).object());
    }

    // Below, null is what is left to the parser.

    private ObjectNode object() {
        ObjectNode object = NODES.objectNode();
        if (!takes('{')) {
            return null;
        }
        if (!takes('}')) {
            do {
                String name = text();
                if (name == null || name.length() > MAX_NAME_CHARS || !takes(':')) {
                    return null;
                }
                JsonNode value = value();
                if (value == null || object.replace(name, value) != null) {
                    return null;
                }
            } while (takes(','));
            if (!takes('}')) {
                return null;
            }
        }
        skipSpace();
        return at == bytes.length ? object : null;
    }

    private JsonNode value() {
        skipSpace();
        if (at == bytes.length) {
            return null;
        }
        byte first = bytes[at];
        if (first == '"') {
            String text = text();
            return text == null ? null : NODES.textNode(text);
        }
        if (first >= '0' && first <= '9') {
            return number();
        }
        if (first == '[') {
            return list();
        }
        if (takes("true")) {
            return NODES.booleanNode(true);
        }
        return takes("false") ? NODES.booleanNode(false) : null;
    }

    private ArrayNode list() {
        ArrayNode list = NODES.arrayNode();
        at++;
        if (takes(']')) {
            return list;
        }
        do {
            String text = text();
            if (text == null) {
                return null;
            }
            list.add(text);
        } while (takes(','));
        return takes(']') ? list : null;
    }

    /** ASCII without escapes. */
    private String text() {
        if (!takes('"')) {
            return null;
        }
        int from = at;
        while (at < bytes.length && bytes[at] >= ' ' && bytes[at] != '"' && bytes[at] != '\\') {
            at++;
        }
        if (at == bytes.length || bytes[at] != '"') {
            return null;
        }
        return new String(bytes, from, at++ - from, StandardCharsets.US_ASCII);
    }

    /** What follows the digits is looked at by the caller: nothing that goes on with a number is right there. */
    private JsonNode number() {
        int from = at;
        long number = 0;
        while (at < bytes.length && bytes[at] >= '0' && bytes[at] <= '9') {
            number = number * 10 + bytes[at++] - '0';
            if (at - from > MAX_DIGITS) {
                return null;
            }
        }
        if (bytes[from] == '0' && at - from > 1) {
            return null;
        }
        return number <= Integer.MAX_VALUE ? NODES.numberNode((int) number) : NODES.numberNode(number);
    }

    private void skipSpace() {
        while (at < bytes.length && (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\r' || bytes[at] == '\t')) {
            at++;
        }
    }

    private boolean takes(char sign) {
        skipSpace();
        boolean isThere = at < bytes.length && bytes[at] == sign;
        at += isThere ? 1 : 0;
        return isThere;
    }

    private boolean takes(String word) {
        if (bytes.length - at < word.length()) {
            return false;
        }
        for (int i = 0; i < word.length(); i++) {
            if (bytes[at + i] != word.charAt(i)) {
                return false;
            }
        }
        at += word.length();
        return true;
    }
}
