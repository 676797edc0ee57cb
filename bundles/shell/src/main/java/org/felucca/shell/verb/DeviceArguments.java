package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.DeviceOptions;
import org.felucca.api.container.DeviceOptions.Counted;
import org.felucca.shell.session.Call;
import picocli.CommandLine.Option;

/** Devices that a container may use. */
final class DeviceArguments {
  private static final Pattern RULE =
      Pattern.compile("([abc])\\s+([0-9]{1,9}|\\*):([0-9]{1,9}|\\*)\\s+([rwm]{1,3})");

  @Option(
      names = "--device",
      paramLabel = "HERE[:THERE[:rwm]]",
      description = "a device of this machine, or a folder of devices")
  List<String> devices = new ArrayList<>();

  @Option(
      names = "--device-cgroup-rule",
      paramLabel = "RULE",
      description = "what it may do with devices that it makes, such as 'c 10:200 rwm'")
  List<String> rules = new ArrayList<>();

  @Option(
      names = "--device-read-bps",
      paramLabel = "DISK:BYTES",
      description = "bytes that it may read of a disk each second, such as /dev/sda:10m")
  List<String> readBytes = new ArrayList<>();

  @Option(
      names = "--device-write-bps",
      paramLabel = "DISK:BYTES",
      description = "bytes that it may write to a disk each second")
  List<String> writtenBytes = new ArrayList<>();

  @Option(
      names = "--device-read-iops",
      paramLabel = "DISK:NUMBER",
      description = "how often it may read of a disk each second, such as /dev/sda:500")
  List<String> reads = new ArrayList<>();

  @Option(
      names = "--device-write-iops",
      paramLabel = "DISK:NUMBER",
      description = "how often it may write to a disk each second")
  List<String> writes = new ArrayList<>();

  DeviceOptions options(Call call) {
    List<DeviceOptions.Rate> rates = new ArrayList<>();
    readBytes.forEach(text -> rates.add(rate(call, Counted.READ_BYTES, text)));
    writtenBytes.forEach(text -> rates.add(rate(call, Counted.WRITTEN_BYTES, text)));
    reads.forEach(text -> rates.add(rate(call, Counted.READS, text)));
    writes.forEach(text -> rates.add(rate(call, Counted.WRITES, text)));
    return new DeviceOptions(
        devices.stream().map(text -> device(call, text)).toList(),
        rules.stream().map(DeviceArguments::rule).toList(),
        rates);
  }

  private static DeviceOptions.Rate rate(Call call, Counted counted, String text) {
    int colon = text.indexOf(':');
    String most = text.substring(colon + 1);
    boolean bytes = counted == Counted.READ_BYTES || counted == Counted.WRITTEN_BYTES;
    if (colon <= 0 || !(bytes || most.matches("[0-9]{1,18}"))) {
      throw EngineException.invalid(
          "%s %s is not understood: write it as /dev/sda:%s"
              .formatted(counted.option(), Identifiers.quote(text), bytes ? "10m" : "500"));
    }
    return new DeviceOptions.Rate(
        call.path(text.substring(0, colon)),
        counted,
        bytes ? ByteSize.parse(counted.option(), most) : Long.parseLong(most));
  }

  private static DeviceOptions.Device device(Call call, String text) {
    String[] parts = text.split(":", -1);
    if (parts.length > 3 || parts[0].isEmpty()) {
      throw EngineException.invalid(
          "--device %s is not understood: write it as /dev/here[:/dev/there[:rwm]]"
              .formatted(Identifiers.quote(text)));
    }
    String there = parts[0];
    String access = "rwm";
    if (parts.length == 2 && !parts[1].startsWith("/")) {
      access = parts[1];
    } else if (parts.length >= 2) {
      there = parts[1];
    }
    if (parts.length == 3) {
      access = parts[2];
    }
    return new DeviceOptions.Device(call.path(parts[0]), there, access);
  }

  private static DeviceOptions.Rule rule(String text) {
    Matcher matcher = RULE.matcher(text.strip());
    if (!matcher.matches()) {
      throw EngineException.invalid(
          "--device-cgroup-rule %s is not understood: write it as 'c 10:200 rwm'"
              .formatted(Identifiers.quote(text)));
    }
    return new DeviceOptions.Rule(
        matcher.group(1), number(matcher.group(2)), number(matcher.group(3)), matcher.group(4));
  }

  private static long number(String text) {
    return text.equals("*") ? -1 : Long.parseLong(text);
  }
}
