package org.felucca.shell.verb;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerControl;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.image.Image;
import org.felucca.oci.Json;
import org.felucca.shell.session.Call;
import org.felucca.shell.session.ExitStatus;
import org.felucca.shell.session.Services;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/**
 * A verb with its options. An object serves one call: picocli fills its fields in, then it runs. It
 * throws what goes wrong; {@link ExitStatus} for a status of its own.
 */
public abstract class Verb {
  /** The session variable with the namespace that was given before the verb. */
  public static final String NAMESPACE = ".felucca.namespace";

  @Option(
      names = {"-n", "--namespace"},
      paramLabel = "NAME",
      description = "work in this namespace (else $FELUCCA_NAMESPACE, else \"default\")")
  @Nullable String namespace;

  @Option(names = "--help", usageHelp = true, description = "show this")
  boolean help;

  private @Nullable Call call;

  /** Does it. */
  protected abstract void run() throws Exception;

  /** Whether options end at the first argument: what follows belongs to a container's program. */
  protected boolean stopsAtArgument() {
    return false;
  }

  /** What the arguments name, for completion. */
  protected Names names() {
    return Names.NONE;
  }

  /**
   * What one argument names, where they differ.
   *
   * @param argument which of them, from 0
   */
  protected Names names(int argument) {
    return stopsAtArgument() && argument > 0 ? Names.NONE : names();
  }

  /**
   * Lines to learn from, each a command as it would be typed, with an explanation behind {@code #}
   * if it needs one.
   */
  protected List<String> examples() {
    return List.of();
  }

  final void run(Call here) throws Exception {
    call = here;
    run();
  }

  /** Where this call reads and writes. */
  protected final Call call() {
    if (call == null) {
      throw new IllegalStateException("not called");
    }
    return call;
  }

  /** The ways to the engine. */
  protected final Services services() {
    return call().services();
  }

  /** The namespace that it works in. */
  protected final Scope scope() {
    String name = namespace;
    if (name == null && call().session().get(NAMESPACE) instanceof String given) {
      name = given;
    }
    if (name == null) {
      name = call().environment("FELUCCA_NAMESPACE");
    }
    return name == null || name.isEmpty()
        ? Scope.of(Namespace.DEFAULT)
        : Scope.of(new Namespace(name));
  }

  /**
   * Finds a container by its name, its id or the beginning of its id.
   *
   * @throws EngineException NOT_FOUND, with names that may have been meant
   */
  protected final ContainerRecord container(String text) {
    Scope scope = scope();
    return orGuess(
        Names.CONTAINERS,
        text,
        () -> services().containers().use(containers -> containers.find(scope, text)));
  }

  /**
   * Finds an image by its name, its digest or the beginning of that.
   *
   * @throws EngineException NOT_FOUND, with names that may have been meant
   */
  protected final Image image(String text) {
    Scope scope = scope();
    return orGuess(
        Names.IMAGES, text, () -> services().images().use(images -> images.find(scope, text)));
  }

  /**
   * Does what looks a name up; if there is nothing of this name, the failure says what may have
   * been meant.
   */
  protected final <T> T orGuess(Names names, String text, Supplier<T> lookUp) {
    try {
      return lookUp.get();
    } catch (EngineException e) {
      throw e.kind() == ErrorKind.NOT_FOUND
          ? new KnownNames(services(), scope()).withGuess(e, names, text)
          : e;
    }
  }

  /** Tells a container something. */
  @FunctionalInterface
  protected interface Order {
    /** Tells it. */
    void give(ContainerControl control);
  }

  /** Tells a container something. */
  protected final void tell(Order order) {
    boolean told =
        services()
            .control()
            .use(
                control -> {
                  order.give(control);
                  return true;
                });
    assert told;
  }

  /** Writes a line to standard output. */
  protected final void say(String line) {
    call().out().println(line);
  }

  /** Writes a record as one line of JSON. */
  protected final void json(Object value) {
    say(new String(Json.bytes(value, Json.Names.SNAKE), StandardCharsets.UTF_8));
  }

  /** What is done with one of several names. */
  @FunctionalInterface
  protected interface Each {
    /** Does it. */
    void accept(String name) throws Exception;
  }

  /**
   * Does something with each name, also when it failed with others.
   *
   * @throws ExitStatus with every failure, one a line
   */
  protected final void forEach(List<String> names, Each each) throws Exception {
    List<Exception> failures = new ArrayList<>();
    for (String name : names) {
      try {
        each.accept(name);
      } catch (Exception e) {
        failures.add(e);
        if (Thread.currentThread().isInterrupted()) {
          break;
        }
      }
    }
    report(failures);
  }

  /**
   * Does something with every name at the same time, and prints each name, in their order, once it
   * is done.
   *
   * @throws ExitStatus with every failure, one a line
   */
  protected final void atOnce(List<String> names, Each each) throws Exception {
    List<Exception> failures = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> works = new ArrayList<>();
      for (String name : names) {
        works.add(
            threads.submit(
                () -> {
                  each.accept(name);
                  return name;
                }));
      }
      try {
        for (int i = 0; i < works.size(); i++) {
          try {
            works.get(i).get();
            say(names.get(i));
          } catch (ExecutionException e) {
            failures.add(e.getCause() instanceof Exception cause ? cause : e);
          }
        }
      } catch (InterruptedException e) {
        threads.shutdownNow();
        throw e;
      }
    }
    report(failures);
  }

  /** Throws what one failure or several amount to. */
  protected static void report(List<Exception> failures) throws Exception {
    if (failures.size() == 1) {
      throw failures.getFirst();
    }
    if (!failures.isEmpty()) {
      List<String> messages =
          failures.stream().map(ExitStatus::message).map(String::valueOf).toList();
      throw new ExitStatus(
          ExitStatus.of(failures.getFirst()),
          String.join("\nfelucca: ", messages),
          failures.getFirst());
    }
  }

  /**
   * Asks whether to go on.
   *
   * @param what what this does, for "This ...."
   * @throws EngineException INVALID_ARGUMENT where nobody can be asked
   */
  protected final boolean confirmed(String what) throws IOException {
    if (call().inShell() || !call().isTerminal() || !call().requireClient().hello().isTerminal(0)) {
      throw EngineException.invalid("this " + what + "; say --force if that is meant");
    }
    call().out().print("This " + what + ". Go on? [y/N] ");
    call().out().flush();
    String answer =
        new BufferedReader(new InputStreamReader(call().in(), StandardCharsets.UTF_8)).readLine();
    return answer != null && answer.strip().toLowerCase(Locale.ROOT).matches("y|yes");
  }

  /** Reads {@code name=value} pairs. */
  static Map<String, String> pairs(String option, List<String> texts) {
    Map<String, String> pairs = new java.util.LinkedHashMap<>();
    for (String text : texts) {
      int equals = text.indexOf('=');
      if (equals == 0 || text.isEmpty()) {
        throw EngineException.invalid(
            "%s %s has no name; write it as NAME=VALUE".formatted(option, Identifiers.quote(text)));
      }
      pairs.put(
          equals < 0 ? text : text.substring(0, equals),
          equals < 0 ? "" : text.substring(equals + 1));
    }
    return pairs;
  }

  /** The parser of this verb's options. */
  final CommandLine commandLine(String name, String description) {
    CommandLine line = new CommandLine(this);
    shortenHelp(line.getCommandSpec());
    line.setCommandName(name);
    line.setExpandAtFiles(false);
    line.setInterpolateVariables(false);
    line.setStopAtPositional(stopsAtArgument());
    line.getCommandSpec()
        .usageMessage()
        .description(description)
        .sortOptions(true)
        .abbreviateSynopsis(true)
        .footer(wholeFooter());
    return line;
  }

  /** {@code -h} is help where it is nothing else. */
  private static void shortenHelp(CommandSpec spec) {
    OptionSpec help = spec.findOption("--help");
    if (spec.findOption("-h") == null) {
      spec.remove(help);
      spec.addOption(OptionSpec.builder(help).names("-h", "--help").build());
    }
  }

  private String[] wholeFooter() {
    List<String> lines = new ArrayList<>(List.of(footer()));
    List<String> examples = examples();
    if (!examples.isEmpty()) {
      lines.addAll(List.of("", examples.size() == 1 ? "Example:" : "Examples:"));
      examples.forEach(example -> lines.add("  " + example.replace("%", "%%")));
    }
    return lines.toArray(String[]::new);
  }

  /** What the help says behind the options; the examples follow. */
  protected String[] footer() {
    return new String[0];
  }
}
