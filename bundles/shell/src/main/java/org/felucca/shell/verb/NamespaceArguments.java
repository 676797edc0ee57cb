package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.NamespaceMode;
import org.felucca.api.container.NamespaceOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a container shares with the machine or with another container. */
final class NamespaceArguments {
  private static final String CONTAINER = "container:";

  @Option(
      names = {"--network", "--net"},
      paramLabel = "none|host|container:NAME",
      description = "whose network it has (none: a loopback interface of its own)")
  @Nullable String network;

  @Option(
      names = "--pid",
      paramLabel = "private|host|container:NAME",
      description = "whose processes it sees")
  @Nullable String pid;

  @Option(
      names = "--ipc",
      paramLabel = "private|host|container:NAME",
      description = "whose System V IPC and message queues it uses")
  @Nullable String ipc;

  @Option(
      names = "--uts",
      paramLabel = "private|host|container:NAME",
      description = "whose host name it has")
  @Nullable String uts;

  @Option(
      names = "--cgroupns",
      paramLabel = "private|host",
      description = "whose view of the cgroups it has")
  @Nullable String cgroup;

  @Option(names = "--userns", paramLabel = "host", hidden = true)
  @Nullable String user;

  @Option(
      names = "--cgroup-parent",
      paramLabel = "PATH",
      description = "the cgroup that its own is made in")
  String cgroupParent = "";

  @Option(
      names = {"-p", "--publish"},
      paramLabel = "PORT",
      hidden = true)
  List<String> published = new ArrayList<>();

  @Option(
      names = {"-P", "--publish-all"},
      hidden = true)
  boolean publishAll;

  NamespaceOptions options() {
    if (!published.isEmpty() || publishAll) {
      throw EngineException.invalid(
          "--publish: there are no container networks yet, so no port can be published; use --network host, and the program's ports are the machine's");
    }
    if (user != null && !user.isEmpty() && !user.equals("host")) {
      throw EngineException.invalid(
          "--userns %s: user namespaces are not offered; every container has the machine's, which is host"
              .formatted(Identifiers.quote(user)));
    }
    return new NamespaceOptions(
        mode("--pid", pid, true),
        mode("--ipc", ipc, true),
        mode("--uts", uts, true),
        mode("--cgroupns", cgroup, false),
        network(),
        cgroupParent);
  }

  private NamespaceMode network() {
    if ("none".equals(network)) {
      return NamespaceMode.PRIVATE;
    }
    if (network != null && !network.equals("host") && !network.startsWith(CONTAINER)) {
      throw EngineException.invalid(
          "--network %s: there are no container networks yet; there are none, host and container:NAME"
              .formatted(Identifiers.quote(network)));
    }
    return mode("--network", network, true);
  }

  private static NamespaceMode mode(String option, @Nullable String text, boolean others) {
    if (text == null || text.isEmpty()) {
      return NamespaceMode.DEFAULT;
    }
    if (text.equals("private")) {
      return NamespaceMode.PRIVATE;
    }
    if (text.equals("host")) {
      return NamespaceMode.HOST;
    }
    if (others && text.startsWith(CONTAINER) && text.length() > CONTAINER.length()) {
      return NamespaceMode.of(text.substring(CONTAINER.length()));
    }
    throw EngineException.invalid(
        "%s %s is not understood; there are private, host%s"
            .formatted(option, Identifiers.quote(text), others ? " and container:NAME" : ""));
  }
}
