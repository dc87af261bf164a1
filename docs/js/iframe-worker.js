// The search of mkdocs-material runs in a worker, and browsers start none for pages that are opened from disk. There this
// puts a hidden frame in its place, which loads the same script and receives the same messages.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      this.frame = document.createElement("iframe")
      this.frame.hidden = true
      document.body.append(this.frame)
      const inside = this.frame.contentWindow
      window.addEventListener("message", event => {
        if (event.source === inside) this.dispatchEvent(new MessageEvent("message", { data: event.data }))
      })
      this.loaded = new Promise(resolve => this.frame.addEventListener("load", resolve))
      inside.document.open()
      inside.document.write(`<script>
        postMessage = data => parent.postMessage(data, "*")
        importScripts = (...sources) => Promise.all(sources.map(source => new Promise((resolve, reject) => {
          const script = document.createElement("script")
          Object.assign(script, { src: source, onload: resolve, onerror: reject })
          document.head.append(script)
        })))
      <\/script><script src="${url}"><\/script>`)
      inside.document.close()
    }

    async postMessage(data) {
      await this.loaded
      this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data }))
    }

    terminate() {
      this.frame.remove()
    }
  }
}
