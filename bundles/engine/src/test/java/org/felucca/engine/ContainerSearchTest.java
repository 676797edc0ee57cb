package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.oci.filter.Fields;
import org.felucca.oci.filter.Filters;
import org.junit.jupiter.api.Test;

class ContainerSearchTest {
  private static final Scope SCOPE = Scope.of(Namespace.DEFAULT);

  /** Records in memory; nothing is changed. */
  private static final class TestingRecords implements ContainerStore {
    private final List<ContainerRecord> records = new ArrayList<>();

    TestingRecords with(String id, String name) {
      records.add(
          new ContainerRecord(
              new ContainerId(id),
              Map.of(ContainerRecord.NAME_LABEL, name),
              "",
              "crun",
              null,
              null,
              "",
              "",
              "",
              Instant.EPOCH,
              Instant.EPOCH,
              Map.of()));
      return this;
    }

    @Override
    public List<ContainerRecord> list(Scope scope, List<String> filters) {
      Predicate<Fields> wanted = Filters.parseAll(filters);
      return records.stream()
          .filter(
              record ->
                  wanted.test(
                      path ->
                          path.getFirst().equals("id")
                              ? Optional.of(record.id().value())
                              : Fields.inMap(record.labels(), path)))
          .toList();
    }

    @Override
    public List<ContainerRecord> listWithoutSpecs(Scope scope, List<String> filters) {
      return list(scope, filters);
    }

    @Override
    public ContainerRecord create(Scope scope, ContainerRecord container) {
      throw new UnsupportedOperationException();
    }

    @Override
    public ContainerRecord update(Scope scope, ContainerRecord container, Set<String> paths) {
      throw new UnsupportedOperationException();
    }

    @Override
    public ContainerRecord get(Scope scope, ContainerId id) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void delete(Scope scope, ContainerId id) {
      throw new UnsupportedOperationException();
    }
  }

  private final TestingRecords records =
      new TestingRecords()
          .with("aa11223344556677", "web")
          .with("aa99887766554433", "db")
          .with("bb11223344556677", "aa");

  private String found(String text) {
    return ContainerSearch.find(records, SCOPE, text).name();
  }

  private EngineException refusal(String text) {
    return assertThrows(EngineException.class, () -> ContainerSearch.find(records, SCOPE, text));
  }

  @Test
  void find_idNameOrBeginning_isTheContainer() {
    assertEquals("web", found("aa11223344556677"));
    assertEquals("db", found("db"));
    assertEquals("db", found("aa9"));
    assertEquals("aa", found("bb"));
    assertEquals("aa", found("aa"), "a name goes before a beginning");
  }

  @Test
  void find_severalFit_namesThem() {
    records.with("bb99", "cache");

    EngineException e = refusal("bb");

    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
    assertEquals(
        "2 containers begin with \"bb\"; give more of the id: bb1122334455 (aa), bb99 (cache)",
        e.getMessage());
  }

  @Test
  void find_manyFit_namesTheFirst() {
    for (int i = 0; i < 10; i++) {
      records.with("cc" + i, "n" + i);
    }

    assertEquals(
        "10 containers begin with \"cc\"; give more of the id: cc0 (n0), cc1 (n1), cc2 (n2), cc3 (n3), cc4 (n4), ...",
        refusal("cc").getMessage());
  }

  @Test
  void find_nothingFits_isNotFound() {
    for (String text : List.of("zz", "a", "a.*", "\"", "a\\", "aa1122334455667788", "")) {
      assertEquals(ErrorKind.NOT_FOUND, refusal(text).kind(), text);
    }
  }
}
