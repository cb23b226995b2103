package io.sluice.server;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.vertx.core.Future;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Holds the arrows between modules and packages: who may know whom. */
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("io.sluice");

    private static final String CORE = "io.sluice.core..";
    private static final String GROUPS = "io.sluice.groups..";
    private static final String SERVER = "io.sluice.server..";

    @Test
    void thereAreClassesToLookAt() {
        assertThat(CLASSES.containPackage("io.sluice.core")).isTrue();
        assertThat(CLASSES.containPackage("io.sluice.server")).isTrue();
    }

    @Test
    void theCoreNeedsTheJdkAndSlf4jOnly() {
        classes()
                .that()
                .resideInAPackage(CORE)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(CORE, "java..", "org.slf4j..")
                .check(CLASSES);
    }

    @Test
    void theGroupsKnowTheCoreButNoServerAndNoVertx() {
        noClasses()
                .that()
                .resideInAPackage(GROUPS)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(SERVER, "io.vertx..", "io.netty..")
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void recordsAndSettingsArePure() {
        noClasses()
                .that()
                .resideInAnyPackage("io.sluice.core.record..", "io.sluice.core.config..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.sluice.core.storage..",
                        "io.sluice.core.log..",
                        "io.sluice.core.partition..",
                        "io.sluice.core.engine..",
                        "io.sluice.core.metrics..",
                        "java.nio.file..",
                        "java.nio.channels..")
                .check(CLASSES);
    }

    @Test
    void theFileSeamKnowsNothingOfLogs() {
        noClasses()
                .that()
                .resideInAPackage("io.sluice.core.storage..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.sluice.core.record..",
                        "io.sluice.core.log..",
                        "io.sluice.core.partition..",
                        "io.sluice.core.engine..",
                        "io.sluice.core.topic..")
                .check(CLASSES);
    }

    @Test
    void theLogOnDiskKnowsNothingOfThreadsAboveIt() {
        noClasses()
                .that()
                .resideInAPackage("io.sluice.core.log..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.sluice.core.partition..")
                .check(CLASSES);
    }

    @Test
    void whoIsConnectedIsToldWithoutKnowingProtocols() {
        noClasses()
                .that()
                .resideInAPackage("io.sluice.server.clients..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.sluice.server.http..", "io.sluice.server.kafka..", "io.vertx..", "io.netty..", GROUPS)
                .check(CLASSES);
    }

    @Test
    void facesReachFilesOnlyThroughTheBroker() {
        noClasses()
                .that()
                .resideInAPackage("io.sluice.server.http..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.sluice.core.storage..",
                        "io.sluice.core.log..",
                        "io.sluice.core.partition..",
                        "java.nio.file..")
                .check(CLASSES);
    }

    @Test
    void commandsOtherThanLogTalkToABrokerOverTheWire() {
        DescribedPredicate<JavaClass> insides = JavaClass.Predicates.resideInAnyPackage(
                "io.sluice.core.engine..",
                "io.sluice.core.log..",
                "io.sluice.core.partition..",
                "io.sluice.core.storage..");
        noClasses()
                .that()
                .resideInAPackage("io.sluice.server.cli..")
                .and()
                .haveSimpleNameNotStartingWith("Log")
                .and()
                .resideOutsideOfPackage("io.sluice.server.cli.log..")
                .should()
                .dependOnClassesThat(insides)
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void nothingOnAnEventLoopWaits() {
        noClasses()
                .that()
                .resideInAPackage("io.sluice.server.http..")
                .should()
                .callMethodWhere(target(owner(JavaClass.Predicates.assignableTo(java.util.concurrent.Future.class)
                                .or(JavaClass.Predicates.assignableTo(CompletableFuture.class))))
                        .and(target(nameMatching("get|join|resultNow"))))
                .orShould()
                .callMethodWhere(target(owner(JavaClass.Predicates.assignableTo(Future.class)))
                        .and(target(nameMatching("await"))))
                .orShould()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(CountDownLatch.class, "await")
                .check(CLASSES);
    }
}
