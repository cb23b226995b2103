package io.sluice.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.core.ErrorCode;
import io.sluice.server.TestServers;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Holds the document that is served at /openapi against the routes that are there, in both directions. */
class OpenApiTest {
    private static final Set<String> METHODS = Set.of("get", "put", "post", "delete", "patch", "head", "options");

    private final JsonNode document = read();

    @Test
    void everyRouteIsDescribedAndEverythingDescribedIsARoute() {
        assertThat(routes()).isEqualTo(described());
    }

    @Test
    void everyReferenceLeadsSomewhere() {
        List<String> references = new ArrayList<>();
        collect(document, "$ref", references);

        assertThat(references).isNotEmpty().allSatisfy(reference -> {
            assertThat(reference).startsWith("#/");
            assertThat(document.at(reference.substring(1)).isMissingNode())
                    .as(reference)
                    .isFalse();
        });
    }

    @Test
    void everythingThatCanBeReferredToIsUsed() {
        List<String> references = new ArrayList<>();
        collect(document, "$ref", references);

        document.get("components")
                .properties()
                .forEach(kind -> kind.getValue()
                        .fieldNames()
                        .forEachRemaining(
                                name -> assertThat(references).contains("#/components/" + kind.getKey() + "/" + name)));
    }

    @Test
    void theDocumentHasTheStructureOfVersion31() {
        assertThat(document.get("openapi").asText()).startsWith("3.1.");
        assertThat(document.at("/info/title").asText()).isNotBlank();
        assertThat(document.at("/info/version").asText()).isNotBlank();
        Set<String> operationIds = new HashSet<>();
        document.get("paths").properties().forEach(path -> {
            assertThat(path.getKey()).startsWith("/");
            List<JsonNode> shared = parameters(path.getValue());
            path.getValue().properties().stream()
                    .filter(field -> METHODS.contains(field.getKey()))
                    .forEach(field -> {
                        String where = field.getKey() + " " + path.getKey();
                        JsonNode operation = field.getValue();
                        assertThat(operationIds.add(
                                        operation.path("operationId").asText()))
                                .as("operationId of " + where)
                                .isTrue();
                        assertThat(operation.path("summary").asText()).as(where).isNotBlank();
                        checkResponses(where, operation.path("responses"));
                        List<JsonNode> all = new ArrayList<>(shared);
                        all.addAll(parameters(operation));
                        checkParameters(where, path.getKey(), all);
                    });
        });
    }

    @Test
    void everyStatusThatAnErrorCodeHasIsSomewhereDescribed() {
        Set<String> statuses = new HashSet<>();
        document.get("paths")
                .forEach(path -> path.forEach(
                        operation -> operation.path("responses").fieldNames().forEachRemaining(statuses::add)));

        for (ErrorCode code : ErrorCode.values()) {
            assertThat(statuses)
                    .contains(Integer.toString(HttpErrors.answerTo(code).status()));
        }
    }

    private void checkResponses(String where, JsonNode responses) {
        assertThat(responses.size()).as(where).isPositive();
        responses.properties().forEach(response -> {
            assertThat(response.getKey()).as(where).matches("[1-5][0-9][0-9]");
            JsonNode resolved = resolved(response.getValue());
            assertThat(resolved.path("description").asText()).as(where).isNotBlank();
        });
    }

    private void checkParameters(String where, String path, List<JsonNode> parameters) {
        Set<String> inPath = new TreeSet<>();
        Set<String> names = new HashSet<>();
        for (JsonNode parameter : parameters) {
            assertThat(names.add(parameter.path("in").asText() + " "
                            + parameter.path("name").asText()))
                    .as(where + " " + parameter)
                    .isTrue();
            assertThat(parameter.has("schema")).as(where + " " + parameter).isTrue();
            if (parameter.path("in").asText().equals("path")) {
                assertThat(parameter.path("required").asBoolean()).isTrue();
                inPath.add(parameter.path("name").asText());
            }
        }
        Set<String> inTemplate = new TreeSet<>();
        for (String part : path.split("/")) {
            if (part.startsWith("{")) {
                inTemplate.add(part.substring(1, part.length() - 1));
            }
        }
        assertThat(inPath).as(where).isEqualTo(inTemplate);
    }

    private List<JsonNode> parameters(JsonNode holder) {
        List<JsonNode> parameters = new ArrayList<>();
        holder.path("parameters").forEach(parameter -> parameters.add(resolved(parameter)));
        return parameters;
    }

    private JsonNode resolved(JsonNode node) {
        return node.has("$ref") ? document.at(node.get("$ref").asText().substring(1)) : node;
    }

    private Set<String> described() {
        Set<String> described = new TreeSet<>();
        document.get("paths")
                .properties()
                .forEach(path -> path.getValue().fieldNames().forEachRemaining(field -> {
                    if (METHODS.contains(field)) {
                        described.add(field.toUpperCase() + " " + path.getKey().replaceAll("\\{[^}]+}", "{}"));
                    }
                }));
        return described;
    }

    /** All routes by method and path; HEAD goes with GET, as HTTP has it. */
    private static Set<String> routes() {
        Vertx vertx = Vertx.vertx();
        try {
            Set<String> routes = new TreeSet<>();
            Router router = HttpLoop.router(vertx, TestServers.routes(vertx), ctx -> ctx.next());
            for (Route route : router.getRoutes()) {
                if (route.getPath() != null) {
                    assertThat(route.methods()).as(route.getPath()).isNotNull();
                    String path = route.getPath().replaceAll(":[A-Za-z_]+", "{}");
                    route.methods().stream()
                            .filter(method -> !method.name().equals("HEAD"))
                            .forEach(method -> routes.add(method + " " + path));
                }
            }
            return routes;
        } finally {
            vertx.close();
        }
    }

    private static void collect(JsonNode node, String field, List<String> values) {
        if (node.has(field)) {
            values.add(node.get(field).asText());
        }
        node.forEach(child -> collect(child, field, values));
    }

    private static JsonNode read() {
        try (var in = OpenApiTest.class.getResourceAsStream("/openapi.json")) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
