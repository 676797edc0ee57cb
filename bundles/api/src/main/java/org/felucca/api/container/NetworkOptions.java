package org.felucca.api.container;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a container is called and how it resolves names.
 *
 * @param hostname the host name, or null for the short id
 * @param domainname the NIS domain name, or null
 * @param dns addresses of name servers; empty for the machine's; unmodifiable
 * @param dnsSearch domains to search; empty for the machine's; unmodifiable
 * @param dnsOptions options of resolv.conf(5); empty for the machine's; unmodifiable
 * @param hosts further lines of /etc/hosts, each {@code name:address}; unmodifiable
 * @param exposed ports that it says it serves, such as {@code 80/tcp}; unmodifiable
 */
public record NetworkOptions(
    @Nullable String hostname,
    @Nullable String domainname,
    List<String> dns,
    List<String> dnsSearch,
    List<String> dnsOptions,
    List<String> hosts,
    List<String> exposed) {
  /** Its short id, and the machine's name servers. */
  public static final NetworkOptions DEFAULT =
      new NetworkOptions(null, null, List.of(), List.of(), List.of(), List.of(), List.of());

  /** Copies the collections. */
  public NetworkOptions {
    dns = List.copyOf(dns);
    dnsSearch = List.copyOf(dnsSearch);
    dnsOptions = List.copyOf(dnsOptions);
    hosts = List.copyOf(hosts);
    exposed = List.copyOf(exposed);
  }
}
