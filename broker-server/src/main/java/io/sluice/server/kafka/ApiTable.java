package io.sluice.server.kafka;

import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersionCollection;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** Every API that is served, by its key. What is not in here does not exist for a client. Immutable. */
public final class ApiTable {
    private final Map<ApiKeys, Api> apis = new EnumMap<>(ApiKeys.class);

    /** The APIs, and {@code ApiVersions}, which tells of them. */
    public ApiTable(List<Api> served) {
        for (Api api : served) {
            if (apis.put(api.key(), api) != null) {
                throw new IllegalArgumentException(api.key() + " is in the table twice");
            }
        }
        apis.put(ApiKeys.API_VERSIONS, Api.of(ApiKeys.API_VERSIONS, new ApiVersionsHandler(this)));
    }

    /** The API with a key from the wire; empty if it is not served. */
    Optional<Api> find(short key) {
        return ApiKeys.hasId(key) ? Optional.ofNullable(apis.get(ApiKeys.forId(key))) : Optional.empty();
    }

    /** All of them, in the order of their keys. */
    public Collection<Api> all() {
        return Collections.unmodifiableCollection(apis.values());
    }

    /** What {@code ApiVersions} answers. */
    ApiVersionsResponseData versions() {
        ApiVersionCollection versions = new ApiVersionCollection(apis.size());
        for (Api api : apis.values()) {
            // Clients of librdkafka before 2.10 want to see version 0 of Produce, though they do not use it.
            short oldest =
                    api.key() == ApiKeys.PRODUCE ? ApiKeys.PRODUCE_API_VERSIONS_RESPONSE_MIN_VERSION : api.oldest();
            versions.add(version(api.key(), oldest, api.newest()));
        }
        return new ApiVersionsResponseData().setApiKeys(versions).setFinalizedFeaturesEpoch(0);
    }

    /** What {@code ApiVersions} of an unknown version answers, in version 0. */
    ApiVersionsResponseData unsupported() {
        Api api = apis.get(ApiKeys.API_VERSIONS);
        ApiVersionCollection versions = new ApiVersionCollection(1);
        versions.add(version(api.key(), api.oldest(), api.newest()));
        return new ApiVersionsResponseData()
                .setErrorCode(Errors.UNSUPPORTED_VERSION.code())
                .setApiKeys(versions);
    }

    private static ApiVersion version(ApiKeys key, short oldest, short newest) {
        return new ApiVersion().setApiKey(key.id).setMinVersion(oldest).setMaxVersion(newest);
    }
}
