package org.felucca.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.MountOption;

/** Options of a container, one by one. */
final class Options {
  private List<String> command = List.of();
  private List<String> entrypoint;
  private final List<String> env = new ArrayList<>();
  private final List<MountOption> mounts = new ArrayList<>();
  private String user;
  private String cwd;
  private String hostname;
  private boolean terminal;
  private boolean readOnly;
  private boolean noNewPrivileges = true;

  static Options run(String... command) {
    Options options = new Options();
    options.command = List.of(command);
    return options;
  }

  Options entrypoint(String... value) {
    entrypoint = List.of(value);
    return this;
  }

  Options env(String... value) {
    env.addAll(List.of(value));
    return this;
  }

  Options mount(MountOption value) {
    mounts.add(value);
    return this;
  }

  Options user(String value) {
    user = value;
    return this;
  }

  Options cwd(String value) {
    cwd = value;
    return this;
  }

  Options hostname(String value) {
    hostname = value;
    return this;
  }

  Options terminal() {
    terminal = true;
    return this;
  }

  Options readOnly() {
    readOnly = true;
    return this;
  }

  Options newPrivileges() {
    noNewPrivileges = false;
    return this;
  }

  CreateOptions build() {
    return new CreateOptions(
        "test:latest",
        null,
        command,
        entrypoint,
        env,
        user,
        cwd,
        hostname,
        mounts,
        Map.of("my", "label"),
        terminal,
        false,
        true,
        false,
        null,
        null,
        readOnly,
        noNewPrivileges);
  }
}
