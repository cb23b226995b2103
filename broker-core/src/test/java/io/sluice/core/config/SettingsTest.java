package io.sluice.core.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class SettingsTest {
    private static final Setting<Integer> PORT = Setting.ofInt("port", 80, Rule.between(0, 65_535), "The port.");
    private static final Setting<String> SECRET = Setting.ofPassword(
            "key.password", new Rule<>(text -> text.length() >= 8, "at least 8 characters"), "The password.");
    private static final Setting<List<String>> HOSTS =
            Setting.ofList("hosts", List.of("a"), Rule.any(), "The hosts.").changeableAtRunTime();
    private static final Settings ALL = Settings.of(List.of(PORT, SECRET, HOSTS));

    @Test
    void aValueIsWhatWasGivenOrElseTheDefault() {
        SettingValues values = ALL.parse(Map.of("hosts", "b, c", "key.password", " secret! "));

        assertThat(values.get(PORT)).isEqualTo(80);
        assertThat(values.find(PORT)).isEmpty();
        assertThat(values.get(HOSTS)).containsExactly("b", "c");
        assertThat(values.get(SECRET)).isEqualTo(" secret! ");
        assertThat(values.given()).containsOnlyKeys("hosts", "key.password");
    }

    @Test
    void aSettingAnswersForItself() {
        assertThat(PORT.type()).isEqualTo(SettingType.INT);
        assertThat(PORT.defaultText()).contains("80");
        assertThat(PORT.bounds()).isEqualTo("between 0 and 65535");
        assertThat(PORT.documentation()).isEqualTo("The port.");
        assertThat(PORT.changeable()).isFalse();
        assertThat(HOSTS.changeable()).isTrue();
        assertThat(SECRET.sensitive()).isTrue();
        assertThat(SECRET.defaultText()).isEmpty();
    }

    @Test
    void whatHasNeitherValueNorDefaultIsAMistakeOfTheCaller() {
        assertThatThrownBy(() -> ALL.parse(Map.of()).get(SECRET))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("key.password has no value and no default");
    }

    @Test
    void aSettingOfAnotherRegistryIsAMistakeOfTheCaller() {
        assertThatThrownBy(() -> Settings.of(List.of(PORT)).parse(Map.of()).get(HOSTS))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aPasswordIsNeverShown() {
        assertThatThrownBy(() -> ALL.parse(Map.of("key.password", "hunter2")))
                .hasMessage("key.password = [hidden]: must be at least 8 characters");
    }

    @Test
    void onlyAMisspeltNameGetsASuggestion() {
        assertThatThrownBy(() -> ALL.parse(Map.of("zookeeper.connect", "x")))
                .hasMessage("there is no setting zookeeper.connect");
        assertThatThrownBy(() -> ALL.parse(Map.of("prot", "1")))
                .hasMessage("there is no setting prot; did you mean port?");
    }

    @Test
    void allThatHoldsCanBePrintedButNoPassword() {
        List<SettingDescription> all =
                ALL.parse(Map.of("port", "8", "key.password", "secret!!")).describe(SettingSource.BROKER);

        assertThat(all)
                .extracting(SettingDescription::value)
                .containsExactly(Optional.of("8"), Optional.empty(), Optional.of("a"));
        assertThat(all)
                .extracting(SettingDescription::source)
                .containsExactly(SettingSource.BROKER, SettingSource.BROKER, SettingSource.DEFAULT);
        assertThat(all.get(0).synonyms())
                .containsExactly(
                        new SettingDescription.Synonym("port", "8", SettingSource.BROKER),
                        new SettingDescription.Synonym("port", "80", SettingSource.DEFAULT));
        assertThat(all.toString()).doesNotContain("secret");
    }

    @Test
    void whatCannotBeReadIsToldTheTypeAndTheBounds() {
        Settings settings = Settings.of(List.of(
                PORT,
                Setting.ofLong("retention", 1, Rule.atLeast(-1), "How long."),
                Setting.ofDouble("ratio", 0.5, Rule.fraction(), "Which part."),
                Setting.ofLong("free", 1, Rule.any(), "Anything."),
                Setting.ofBoolean("on", true, "Whether.")));

        assertThatThrownBy(() -> settings.parse(Map.of("retention", "x")))
                .hasMessage("retention = x: must be a whole number, at least -1");
        assertThatThrownBy(() -> settings.parse(Map.of("port", "80.5")))
                .hasMessage("port = 80.5: must be a whole number, between 0 and 65535");
        assertThatThrownBy(() -> settings.parse(Map.of("retention", "99999999999999999999")))
                .hasMessage(
                        "retention = 99999999999999999999: must be a whole number, at least -1; the largest possible is 9223372036854775807");
        assertThatThrownBy(() -> settings.parse(Map.of("ratio", "half")))
                .hasMessage("ratio = half: must be a number, between 0 and 1");
        assertThatThrownBy(() -> settings.parse(Map.of("free", "x"))).hasMessage("free = x: must be a whole number");
        assertThatThrownBy(() -> settings.parse(Map.of("on", "x"))).hasMessage("on = x: must be true or false");
    }

    @Test
    void messagesStayOnOneShortLine() {
        String huge = "1\n" + "x".repeat(40_000);

        assertThatThrownBy(() -> ALL.parse(Map.of("port", huge, huge, "1")))
                .satisfies(e -> assertThat(e.getMessage())
                        .hasSizeLessThan(500)
                        .doesNotContain("\n")
                        .contains("has 40002 characters, at most 32767 are allowed"));
    }

    @Test
    void twoSettingsOfOneNameAreRefused() {
        assertThatThrownBy(() -> ALL.and(Settings.of(List.of(PORT)))).hasMessage("there are two settings port");
    }

    @Test
    void aDefaultMustKeepItsOwnRule() {
        assertThatThrownBy(() -> Setting.ofInt("n", 0, Rule.atLeast(1), "N.")).hasMessageContaining("default of n");
    }

    @Test
    void distanceCountsSlips() {
        assertThat(Suggestion.distance("", "")).isZero();
        assertThat(Suggestion.distance("", "abc")).isEqualTo(3);
        assertThat(Suggestion.distance("kitten", "sitting")).isEqualTo(3);
        assertThat(Suggestion.distance("port", "prot")).isEqualTo(2);
    }
}
