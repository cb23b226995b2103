package io.sluice.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
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
final class JsonFields {
    private final JsonNode object;

    JsonFields(JsonNode object) {
        this.object = object;
    }

    /** Refuses fields with other names than these. */
    JsonFields allowOnly(String... names) {
        Set<String> unknown = new TreeSet<>();
        object.fieldNames().forEachRemaining(unknown::add);
        List.of(names).forEach(unknown::remove);
        if (!unknown.isEmpty()) {
            String all = String.join(", ", unknown);
            throw new HttpProblem(
                            400,
                            "unknown_field",
                            "unknown " + (unknown.size() == 1 ? "field " : "fields ") + all + "; known are "
                                    + String.join(", ", names))
                    .with("field", unknown.iterator().next())
                    .with("fields", new ArrayList<>(unknown));
        }
        return this;
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
    Map<String, Optional<String>> texts(String name, boolean nullable) {
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

    private HttpProblem invalid(String name, String rule) {
        return new HttpProblem(400, "invalid_argument", name + " " + rule).with("field", name);
    }
}
