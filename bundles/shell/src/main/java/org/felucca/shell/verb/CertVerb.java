package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.certificate.Certificate;
import picocli.CommandLine.Parameters;

/** What the makers of certificates have in common. */
abstract class CertVerb extends Verb {
  /** Says which files were made. */
  void sayFiles(Certificate made) {
    say("subject      " + made.subject());
    say("certificate  " + made.certificate());
    say("key          " + made.key());
    say("authority    " + made.authority());
    say("until        " + made.until());
  }

  /** For the engine, with the names by which it is reached. */
  abstract static class OfEngine extends CertVerb {
    @Parameters(
        index = "0..*",
        arity = "0..*",
        paramLabel = "NAME",
        description =
            "host names and addresses by which clients reach the engine; this machine's host name"
                + " if there are none")
    List<String> names = new ArrayList<>();
  }

  /** Makes the authority. */
  static final class Init extends OfEngine {
    @Override
    protected void run() {
      sayFiles(services().certificates().use(authority -> authority.init(names)));
    }

    @Override
    protected List<String> examples() {
      return List.of("felucca cert init", "felucca cert init build1.example.org 10.0.0.7");
    }
  }

  /** Renews the engine's certificate. */
  static final class Server extends OfEngine {
    @Override
    protected void run() {
      sayFiles(services().certificates().use(authority -> authority.server(names)));
    }

    @Override
    protected List<String> examples() {
      return List.of("felucca cert server build1.example.org 10.0.0.7");
    }
  }

  /** Makes one for a client. */
  static final class Client extends CertVerb {
    @Parameters(
        index = "0",
        paramLabel = "NAME",
        description = "the client; its subject is CN=NAME, which rules name")
    String name = "";

    @Override
    protected void run() {
      sayFiles(services().certificates().use(authority -> authority.client(name)));
    }

    @Override
    protected List<String> examples() {
      return List.of("felucca cert client ci");
    }
  }
}
