import org.codelibs.opensearch.runner.OpenSearchRunner;

/** One OpenSearch node: Node DIR PORT [setting=value …]. It ends with an error when the port is taken. */
public class Node {
    public static void main(String[] args) throws Exception {
        OpenSearchRunner node = new OpenSearchRunner();
        node.setMaxHttpPort(-1);
        node.onBuild((number, settings) -> {
            settings.put("cluster.name", "demo"); // as the conversations of searchindex call it
            settings.put("network.host", "127.0.0.1");
            settings.put("http.port", args[1]);
            settings.put("cluster.routing.allocation.disk.threshold_enabled", "false");
            for (int i = 2; i < args.length; i++) {
                String[] setting = args[i].split("=", 2);
                settings.put(setting[0], setting[1]);
            }
        });
        try {
            node.build("-basePath", args[0], "-numOfNode", "1");
        } catch (Throwable t) {
            t.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
        Thread.sleep(Long.MAX_VALUE);
    }
}
