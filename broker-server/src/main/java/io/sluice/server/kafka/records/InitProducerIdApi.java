package io.sluice.server.kafka.records;

import io.sluice.core.Broker;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.KafkaErrors;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/**
 * InitProducerId: an id for an idempotent producer. A producer that wants a new epoch gets a new id with epoch 0, as from
 * Kafka.
 */
public final class InitProducerIdApi implements ApiHandler<InitProducerIdRequestData> {
    private final Broker broker;

    public InitProducerIdApi(Broker broker) {
        this.broker = broker;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<InitProducerIdRequestData> request) {
        if (request.message().transactionalId() != null) {
            // Not retriable, and every client shows it: to wait for a coordinator that never comes would be worse.
            return CompletableFuture.completedFuture(answer(Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED));
        }
        return broker.engine()
                .newProducerId()
                .handle((id, failure) -> failure != null
                        ? answer(KafkaErrors.of(failure).error())
                        : answer(Errors.NONE).setProducerId(id).setProducerEpoch((short) 0));
    }

    private static InitProducerIdResponseData answer(Errors error) {
        return new InitProducerIdResponseData()
                .setErrorCode(error.code())
                .setProducerId(-1)
                .setProducerEpoch((short) -1);
    }
}
