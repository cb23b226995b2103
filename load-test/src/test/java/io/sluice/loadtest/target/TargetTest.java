package io.sluice.loadtest.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TargetTest {
    @Test
    void partsOfAUrlAreTaken() {
        assertThat(Target.of("http://127.0.0.1:8080")).isEqualTo(new Target("127.0.0.1", 8080, ""));
        assertThat(Target.of("HTTP://localhost/base/")).isEqualTo(new Target("localhost", 80, "/base"));
        assertThat(Target.of("http://[::1]:9").authority()).isEqualTo("[::1]:9");
        assertThat(Target.of("http://[::1]:9").isLoopback()).isTrue();
        assertThat(Target.of("http://192.0.2.1").isLoopback()).isFalse();
    }

    @Test
    void anythingElseIsRefusedWithItsFault() {
        assertThatThrownBy(() -> Target.of("https://h")).hasMessageContaining("http://");
        assertThatThrownBy(() -> Target.of("127.0.0.1:80")).hasMessageContaining("127.0.0.1:80");
        assertThatThrownBy(() -> Target.of("http:///x")).hasMessageContaining("no host");
        assertThatThrownBy(() -> Target.of("http://h/?q")).hasMessageContaining("query");
        assertThatThrownBy(() -> Target.of("http://a b")).hasMessageContaining("not a URL");
    }
}
