package io.sluice.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/**
 * The fields of a JSON object, asked for one by one. What is of the wrong type or not known is an error that names the
 * field.
 */
public final class JsonFields {
    private final JsonNode object;

    JsonFields(JsonNode object) {
        this.object = object;
    }

    /** Refuses fields with other names than these. */
    public JsonFields allowOnly(String... names) {
        List<String> known = Arrays.asList(names);
        Iterator<String> fields = object.fieldNames();
        while (fields.hasNext()) {
            if (!known.contains(fields.next())) {
                throw unknown(names);
            }
        }
        return this;
    }

    private HttpProblem unknown(String... names) {
        Set<String> unknown = new TreeSet<>();
        object.fieldNames().forEachRemaining(unknown::add);
        List.of(names).forEach(unknown::remove);
        String all = String.join(", ", unknown);
        return new HttpProblem(
                        400,
                        "unknown_field",
                        "unknown " + (unknown.size() == 1 ? "field " : "fields ") + all
                                + (names.length == 0
                                        ? "; there are none here"
                                        : "; known are " + String.join(", ", names)))
                .with("field", unknown.iterator().next())
                .with("fields", new ArrayList<>(unknown));
    }

    /** A whole number that is at least 1, if the field is there. */
    OptionalInt count(String name) {
        JsonNode value = object.get(name);
        if (value == null) {
            return OptionalInt.empty();
        }
        if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 1) {
            throw invalid(name, "must be a whole number from 1 to " + Integer.MAX_VALUE + ", or be left out");
        }
        return OptionalInt.of(value.intValue());
    }

    /**
     * An object of texts, numbers and booleans, all as text; empty if the field is not there.
     *
     * @param nullable whether null is a value too: it becomes an empty one
     */
    public Map<String, Optional<String>> texts(String name, boolean nullable) {
        JsonNode value = object.get(name);
        if (value == null) {
            return Map.of();
        }
        if (!value.isObject()) {
            throw invalid(name, "must be an object of settings");
        }
        Map<String, Optional<String>> texts = new LinkedHashMap<>();
        value.properties().forEach(field -> {
            JsonNode text = field.getValue();
            if (text.isTextual() || text.isNumber() || text.isBoolean()) {
                texts.put(field.getKey(), Optional.of(text.asText()));
            } else if (text.isNull() && nullable) {
                texts.put(field.getKey(), Optional.empty());
            } else {
                throw invalid(
                        name + "." + field.getKey(),
                        nullable ? "must be text, a number, a boolean or null" : "must be text, a number or a boolean");
            }
        });
        return texts;
    }

    /**
     * A text.
     *
     * @param maxChars how long it may be
     */
    public Optional<String> text(String name, int maxChars) {
        JsonNode value = object.get(name);
        if (value == null) {
            return Optional.empty();
        }
        if (!value.isTextual()) {
            throw invalid(name, "must be text");
        }
        if (value.textValue().length() > maxChars) {
            throw invalid(name, "has " + value.textValue().length() + " characters; it may have " + maxChars);
        }
        if (hasSurrogate(value.textValue())
                && !StandardCharsets.UTF_8.newEncoder().canEncode(value.textValue())) {
            // As bytes it would be another text, and two of them the same.
            throw invalid(name, "has half of a surrogate pair, which is no character");
        }
        return Optional.of(value.textValue());
    }

    private static boolean hasSurrogate(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return true;
            }
        }
        return false;
    }

    /** A text that must be there and have a character at least; see {@link #text}. */
    public String requiredText(String name, int maxChars) {
        String text = text(name, maxChars).orElseThrow(() -> invalid(name, "is missing"));
        if (text.isEmpty()) {
            throw invalid(name, "must not be empty");
        }
        return text;
    }

    /** A whole number, or {@code otherwise} if the field is not there. */
    public long number(String name, long otherwise, long min, long max) {
        JsonNode value = object.get(name);
        return value == null ? otherwise : number(name, value, min, max);
    }

    /** A whole number that must be there. */
    public long requiredNumber(String name, long min, long max) {
        return number(name, required(name), min, max);
    }

    private static long number(String name, JsonNode value, long min, long max) {
        boolean isWhole = value.isIntegralNumber() && value.canConvertToLong();
        if (!isWhole || value.longValue() < min || value.longValue() > max) {
            throw invalid(name, "must be a whole number from " + min + " to " + max);
        }
        return value.longValue();
    }

    /** A number, which need not be whole, or {@code otherwise} if the field is not there. */
    public double decimal(String name, double otherwise, double min, double max) {
        JsonNode value = object.get(name);
        if (value == null) {
            return otherwise;
        }
        // What is no number at all, or too large for one, fails the comparison.
        double number = value.isNumber() ? value.doubleValue() : Double.NaN;
        if (!(number >= min && number <= max)) {
            throw invalid(name, "must be a number from " + plain(min) + " to " + plain(max));
        }
        return number;
    }

    private static String plain(double number) {
        return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
    }

    /** A list of texts; empty if the field is not there. */
    public List<String> list(String name, int maxSize) {
        JsonNode value = object.get(name);
        if (value == null) {
            return List.of();
        }
        if (!value.isArray() || value.size() > maxSize) {
            throw invalid(name, "must be a list of at most " + maxSize + " texts");
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < value.size(); i++) {
            if (!value.get(i).isTextual()) {
                throw invalid(name + "[" + i + "]", "must be text");
            }
            texts.add(value.get(i).textValue());
        }
        return texts;
    }

    /** True or false, or {@code otherwise} if the field is not there. */
    public boolean flag(String name, boolean otherwise) {
        JsonNode value = object.get(name);
        if (value == null) {
            return otherwise;
        }
        if (!value.isBoolean()) {
            throw invalid(name, "must be true or false");
        }
        return value.booleanValue();
    }

    /** A list of objects; empty if the field is not there. Their faults name the field alone. */
    public List<JsonFields> objects(String name, int maxSize) {
        List<JsonFields> all = elements(name, maxSize);
        for (int i = 0; i < all.size(); i++) {
            if (!all.get(i).isObject()) {
                throw invalid(name + "[" + i + "]", "must be an object");
            }
        }
        return all;
    }

    /** Whether this is an object: nothing else has fields. */
    public boolean isObject() {
        return object.isObject();
    }

    /** As {@link #objects}, but some of them may be none. */
    public List<JsonFields> elements(String name, int maxSize) {
        JsonNode value = object.get(name);
        if (value == null) {
            return List.of();
        }
        if (!value.isArray() || value.size() > maxSize) {
            throw invalid(name, "must be a list of at most " + maxSize + " objects");
        }
        List<JsonFields> objects = new ArrayList<>();
        value.forEach(one -> objects.add(new JsonFields(one)));
        return objects;
    }

    /**
     * An object with fields of its own, which are asked for, and named in faults, with its name in front: {@code backoff.max_ms}. Empty if
     * the field is not there.
     */
    public Optional<JsonFields> object(String name) {
        JsonNode value = object.get(name);
        if (value == null) {
            return Optional.empty();
        }
        if (!value.isObject()) {
            throw invalid(name, "must be an object");
        }
        ObjectNode fields = JsonNodeFactory.instance.objectNode();
        value.properties().forEach(field -> fields.set(name + "." + field.getKey(), field.getValue()));
        return Optional.of(new JsonFields(fields));
    }

    /** Whether a field is there and null. */
    public boolean isNull(String name) {
        return object.has(name) && object.get(name).isNull();
    }

    /**
     * Any JSON as its bytes; empty if the field is not there.
     *
     * @param maxBytes how long it may be
     */
    public Optional<byte[]> json(String name, int maxBytes) {
        JsonNode value = object.get(name);
        if (value == null) {
            return Optional.empty();
        }
        byte[] bytes = value.toString().getBytes(StandardCharsets.UTF_8);
        if (bytes.length > maxBytes) {
            throw invalid(name, "has " + bytes.length + " bytes; it may have " + maxBytes);
        }
        return Optional.of(bytes);
    }

    /** Whether nothing is there. */
    public boolean isEmpty() {
        return object.isEmpty();
    }

    /** A text, or a list of texts; empty if the field is not there. */
    public List<String> textOrList(String name, int maxSize) {
        JsonNode value = object.get(name);
        return value != null && value.isTextual() ? List.of(value.textValue()) : list(name, maxSize);
    }

    /** Whether a field is there. */
    public boolean has(String name) {
        return object.has(name);
    }

    /** A field of any type that must be there. */
    public JsonNode required(String name) {
        JsonNode value = object.get(name);
        if (value == null) {
            throw invalid(name, "is missing");
        }
        return value;
    }

    /** The refusal of a field: {@code rule} goes on where its name ends. */
    public static HttpProblem invalid(String name, String rule) {
        return new HttpProblem(400, "invalid_argument", name + " " + rule).with("field", name);
    }
}
