package org.felucca.shell.verb;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.MountOption;
import org.felucca.shell.session.Call;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options of {@code run} and {@code create}: what a container shall be. */
abstract class CreateArguments extends Verb {
  @Option(
      names = {"-i", "--interactive"},
      description = "keep its standard input open")
  boolean interactive;

  @Option(
      names = {"-t", "--tty"},
      description = "give it a terminal")
  boolean tty;

  @Option(names = "--rm", description = "remove it when it has ended")
  boolean autoRemove;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "the name to call it by (else one is made up)")
  @Nullable String name;

  @Option(
      names = {"-e", "--env"},
      paramLabel = "NAME[=VALUE]",
      description = "set a variable; without a value, to what it is here")
  List<String> env = new ArrayList<>();

  @Option(
      names = {"-u", "--user"},
      paramLabel = "USER[:GROUP]",
      description = "run as this user, by name or number")
  @Nullable String user;

  @Option(
      names = {"-w", "--workdir"},
      paramLabel = "FOLDER",
      description = "the working folder")
  @Nullable String cwd;

  @Option(
      names = {"-v", "--volume"},
      paramLabel = "HERE:THERE[:ro]",
      description = "show a file or folder of this machine to it")
  List<String> volumes = new ArrayList<>();

  @Option(
      names = "--runtime",
      paramLabel = "NAME",
      description = "the OCI runtime (felucca runtime ls)")
  @Nullable String runtime;

  @Option(
      names = "--snapshotter",
      paramLabel = "NAME",
      description = "where its root file system lives")
  @Nullable String snapshotter;

  @Option(
      names = "--entrypoint",
      paramLabel = "PROGRAM",
      description = "instead of the image's entry point; empty for none")
  @Nullable String entrypoint;

  @Option(
      names = "--hostname",
      paramLabel = "NAME",
      description = "its host name (else its short id)")
  @Nullable String hostname;

  @Option(names = "--read-only", description = "its root file system may only be read")
  boolean readOnly;

  @Option(
      names = {"-l", "--label"},
      paramLabel = "NAME[=VALUE]",
      description = "a label for its record")
  List<String> labels = new ArrayList<>();

  @Option(
      names = "--allow-new-privileges",
      description =
          "let set-user-id programs such as su and ping gain privileges (no_new_privs is on otherwise)")
  boolean allowNewPrivileges;

  @Parameters(index = "0", paramLabel = "IMAGE", description = "the image")
  String image = "";

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "COMMAND",
      description = "the program and its arguments (else the image's)")
  List<String> command = new ArrayList<>();

  @Override
  protected boolean stopsAtArgument() {
    return true;
  }

  @Override
  protected Names names() {
    return Names.IMAGE;
  }

  /**
   * What the engine is asked for.
   *
   * @param keepLog whether the output is kept, for {@code felucca logs}
   */
  final CreateOptions options(boolean keepLog) {
    List<MountOption> mounts = new ArrayList<>();
    for (String volume : volumes) {
      mounts.add(mount(call(), volume));
    }
    return new CreateOptions(
        image,
        name,
        command,
        entrypoint(),
        environment(call(), env),
        user,
        cwd,
        hostname,
        mounts,
        pairs("--label", labels),
        tty,
        interactive,
        keepLog,
        autoRemove,
        runtime,
        snapshotter,
        readOnly,
        !allowNewPrivileges);
  }

  private @Nullable List<String> entrypoint() {
    if (entrypoint == null) {
      return null;
    }
    return entrypoint.isEmpty() ? List.of() : List.of(entrypoint);
  }

  /**
   * The variables; one without a value has that of the client's environment, and is left out if
   * that has none.
   */
  static List<String> environment(Call call, List<String> texts) {
    List<String> variables = new ArrayList<>();
    for (String text : texts) {
      int equals = text.indexOf('=');
      if (equals == 0 || text.isEmpty()) {
        throw EngineException.invalid("--env " + text + " has no name; write it as NAME=VALUE");
      }
      if (equals > 0) {
        variables.add(text);
      } else {
        String value = call.environment(text);
        if (value != null) {
          variables.add(text + "=" + value);
        }
      }
    }
    return variables;
  }

  /** Reads {@code HERE:THERE[:OPTION,...]}. */
  static MountOption mount(Call call, String text) {
    String[] parts = text.split(":", -1);
    if (parts.length < 2 || parts.length > 3 || parts[0].isEmpty() || !parts[1].startsWith("/")) {
      throw EngineException.invalid(
          "--volume %s is not understood: write it as /here:/there or /here:/there:ro"
              .formatted(text));
    }
    if (!parts[0].startsWith("/") && !parts[0].startsWith(".") && parts[0].indexOf('/') < 0) {
      throw EngineException.invalid(
          "--volume %s: there are no named volumes; give a path, such as ./%s"
              .formatted(text, parts[0]));
    }
    boolean readOnly = false;
    List<String> more = new ArrayList<>();
    for (String option : parts.length == 3 ? parts[2].split(",", -1) : new String[0]) {
      switch (option) {
        case "ro" -> readOnly = true;
        case "rw" -> readOnly = false;
        case "private",
            "rprivate",
            "shared",
            "rshared",
            "slave",
            "rslave",
            "nosuid",
            "nodev",
            "noexec" ->
            more.add(option);
        default ->
            throw EngineException.invalid(
                "--volume %s: the option %s is unknown; there are ro, rw, nosuid, nodev, noexec and [r]private, [r]shared, [r]slave"
                    .formatted(text, org.felucca.api.Identifiers.quote(option)));
      }
    }
    Path here = call.path(parts[0]);
    return new MountOption(here, parts[1], readOnly, more);
  }
}
