package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.container.NetworkOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a container is called and how it resolves names. */
final class NetworkArguments {
  @Option(
      names = {"-h", "--hostname"},
      paramLabel = "NAME",
      description = "its host name (else its short id)")
  @Nullable String hostname;

  @Option(names = "--domainname", paramLabel = "NAME", description = "its NIS domain name")
  @Nullable String domainname;

  @Option(names = "--dns", paramLabel = "ADDRESS", description = "a name server")
  List<String> dns = new ArrayList<>();

  @Option(
      names = "--dns-search",
      paramLabel = "DOMAIN",
      description = "a domain to search; . for none")
  List<String> dnsSearch = new ArrayList<>();

  @Option(
      names = {"--dns-option", "--dns-opt"},
      paramLabel = "OPTION",
      description = "an option of resolv.conf, such as ndots:2")
  List<String> dnsOptions = new ArrayList<>();

  @Option(
      names = "--add-host",
      paramLabel = "NAME:ADDRESS",
      description = "a further line of /etc/hosts")
  List<String> hosts = new ArrayList<>();

  @Option(
      names = "--expose",
      paramLabel = "PORT[/PROTOCOL]",
      description = "a port that it says it serves")
  List<String> exposed = new ArrayList<>();

  NetworkOptions options() {
    return new NetworkOptions(hostname, domainname, dns, dnsSearch, dnsOptions, hosts, exposed);
  }
}
