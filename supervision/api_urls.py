from rest_framework.routers import SimpleRouter

from supervision.ladder.api import MessageViewSet

router = SimpleRouter()
router.register("messages", MessageViewSet, basename="api-message")

urlpatterns = router.urls
