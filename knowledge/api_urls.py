from rest_framework.routers import SimpleRouter

from knowledge.api import ArticleViewSet

router = SimpleRouter()
router.register("articles", ArticleViewSet, basename="api-article")

urlpatterns = router.urls
