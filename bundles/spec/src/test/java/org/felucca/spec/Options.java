package org.felucca.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.MountOption;
import org.felucca.api.container.NetworkOptions;
import org.felucca.api.container.ProcessOptions;
import org.felucca.api.container.Resources;
import org.felucca.api.container.RootOptions;
import org.felucca.api.container.SecurityOptions;
import org.felucca.api.container.StorageOptions;
import org.felucca.api.container.TerminalSize;

/** Options of a container, one by one. */
final class Options {
  private List<String> command = List.of();
  private List<String> entrypoint;
  private final List<String> env = new ArrayList<>();
  private final List<MountOption> mounts = new ArrayList<>();
  private String user;
  private String cwd;
  private String hostname;
  private TerminalSize size;
  private Resources resources = Resources.UNLIMITED;
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

  Options size(int columns, int rows) {
    size = new TerminalSize(columns, rows);
    return this;
  }

  Options resources(Resources value) {
    resources = value;
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
    return CreateOptions.of(
            new RootOptions("test:latest", null, null, null, readOnly),
            new ProcessOptions(
                command,
                entrypoint,
                env,
                user,
                List.of(),
                cwd,
                terminal,
                size,
                false,
                false,
                Map.of(),
                null))
        .withLabels(Map.of("my", "label"))
        .withStorage(new StorageOptions(mounts, List.of(), null))
        .withNetwork(
            new NetworkOptions(
                hostname, null, List.of(), List.of(), List.of(), List.of(), List.of()))
        .withResources(resources)
        .withSecurity(
            new SecurityOptions(
                false,
                noNewPrivileges,
                List.of(),
                List.of(),
                new SecurityOptions.Seccomp.Default(),
                null,
                List.of(),
                List.of(),
                Map.of()));
  }
}
