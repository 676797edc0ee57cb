package org.felucca.shell.verb;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.gc.Keeping;
import org.felucca.api.gc.Thing;
import org.felucca.shell.view.Document;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what keeps things from being collected. */
final class Why extends Verb {
  private static final int MOST_CHAINS = 10;

  /** A thing in documents. */
  record Link(String kind, String name, String snapshotter, String by) {
    static Link of(Thing thing, String by) {
      return new Link(
          thing.kind().name().toLowerCase(Locale.ROOT), thing.name(), thing.snapshotter(), by);
    }
  }

  /** What keeps a thing, in documents. */
  record Row(
      String kind,
      String namespace,
      String name,
      String snapshotter,
      List<List<Link>> chains,
      @Nullable Instant until,
      @Nullable Instant collection) {
    static Row of(Keeping keeping) {
      Thing thing = keeping.thing();
      return new Row(
          thing.kind().name().toLowerCase(Locale.ROOT),
          thing.namespace().value(),
          thing.name(),
          thing.snapshotter(),
          keeping.chains().stream()
              .map(chain -> chain.stream().map(one -> Link.of(one.thing(), one.by())).toList())
              .toList(),
          keeping.until(),
          keeping.collection());
    }
  }

  @Parameters(
      arity = "1..*",
      paramLabel = "NAME",
      description =
          "digests, keys of snapshots, names of images, ids, leases, or beginnings of them")
  List<String> names = new ArrayList<>();

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "text, json, or a template such as '{{json .chains}}'")
  @Nullable String format;

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    Format asked = Format.parse("text", format);
    forEach(
        names,
        name -> {
          List<Keeping> all = orGuess(Names.BOTH, name, () -> why(scope, name));
          for (Keeping keeping : all) {
            if (asked.isJson() || asked.template() != null) {
              Format.say(call(), asked.line(new Document(Row.of(keeping))));
            } else {
              tell(keeping);
            }
          }
        });
  }

  /** By the name as it is, or by what is short for that of an image. */
  private List<Keeping> why(Scope scope, String name) {
    try {
      return services().retention().use(retention -> retention.why(scope.namespace(), name));
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        throw e;
      }
      String whole = imageName(scope, name);
      if (whole == null) {
        throw e;
      }
      return services().retention().use(retention -> retention.why(scope.namespace(), whole));
    }
  }

  private @Nullable String imageName(Scope scope, String name) {
    try {
      return services().images().use(images -> images.find(scope, name)).name();
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND || e.kind() == ErrorKind.INVALID_ARGUMENT) {
        return null;
      }
      throw e;
    }
  }

  private void tell(Keeping keeping) {
    String thing = words(keeping.thing());
    if (keeping.chains().isEmpty()) {
      say(thing + " is kept by nothing");
      say(
          "  it goes with the next collection, %s; felucca gc takes it now"
              .formatted(
                  keeping.collection() == null
                      ? "soon"
                      : "planned for " + keeping.collection().truncatedTo(ChronoUnit.SECONDS)));
      return;
    }
    say(
        thing
            + (keeping.until() == null
                ? " is kept by"
                : " is kept until %s by".formatted(keeping.until())));
    keeping.chains().stream().limit(MOST_CHAINS).forEach(this::tell);
    if (keeping.chains().size() > MOST_CHAINS) {
      say("  and %d more".formatted(keeping.chains().size() - MOST_CHAINS));
    }
  }

  private void tell(List<Keeping.Link> chain) {
    Keeping.Link first = chain.getFirst();
    String itself = chain.size() == 1 && first.by().isEmpty() ? " itself" : "";
    say("  " + words(first.thing()) + itself + (first.by().isEmpty() ? "" : ", " + first.by()));
    for (int i = 1; i < chain.size(); i++) {
      say("  " + "  ".repeat(i) + chain.get(i).by() + ": " + words(chain.get(i).thing()));
    }
  }

  private static String words(Thing thing) {
    String kind = thing.kind().name().toLowerCase(Locale.ROOT);
    String of = thing.snapshotter().isEmpty() ? "" : " of " + thing.snapshotter();
    return kind + " " + thing.name() + of;
  }

  @Override
  protected Names names() {
    return Names.BOTH;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca why busybox", "felucca why sha256:5b0d   # a blob, or a snapshot of that key");
  }
}
